import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { authorizationOf } from '../base/authorization.ts';
import { RELAYED_TOKENS, type RelayedAnswer, relayedRequest } from '../host/bridge.ts';

/**
 * Asks servers of DICOMweb in the place of a page: they need not allow pages to ask, and the page has stand-ins for the tokens, which are
 * replaced here on their way out.
 */
export class Relay {
  /** What the page takes for the tokens of the environment. */
  readonly standIns: Readonly<Record<string, string>>;
  readonly #tokens = new Map<string, { readonly token: string; readonly from: string }>();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const standIns: Record<string, string> = {};
    for (const name of RELAYED_TOKENS) {
      const token = env[name]?.trim();
      if (!token) continue;
      standIns[name] = randomBytes(16).toString('hex');
      this.#tokens.set(`Bearer ${standIns[name]}`, { token, from: name });
    }
    this.standIns = standIns;
  }

  /** Answers a page's request with what the server answers to it. @param message what `relayedRequest` reads */
  async answer(message: Uint8Array, response: ServerResponse): Promise<void> {
    const { url, init } = relayedRequest(message);
    const control = new AbortController();
    response.on('close', () => control.abort());
    const { authorization } = init.headers;
    const headers = { ...init.headers };
    const known = this.#tokens.get(authorization ?? '');
    if (known) headers.authorization = authorizationOf(known.token, known.from);
    const asked = fetch(url, { ...init, headers, redirect: 'manual', signal: control.signal });
    // What went wrong is in the cause alone.
    const answer = await asked.catch(({ cause, message }) => {
      throw new Error((cause as Error | undefined)?.message || message);
    });
    const head: RelayedAnswer = { status: answer.status, headers: [...answer.headers] };
    response.writeHead(200, { 'x-relayed': encodeURIComponent(JSON.stringify(head)) });
    response.flushHeaders();
    if (!answer.body) return void response.end();
    await pipeline(Readable.fromWeb(answer.body as ReadableStream), response);
  }
}
