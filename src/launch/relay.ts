import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import { RELAYED_TOKENS, type RelayedAnswer, relayedRequest } from '../host/bridge.ts';

/**
 * Asks servers of DICOMweb in the place of a page: they need not allow pages to ask, and the page has stand-ins for the tokens, which are
 * replaced here on their way out.
 */
export class Relay {
  /** What the page takes for the tokens of the environment. */
  readonly standIns: Readonly<Record<string, string>>;
  readonly #tokens = new Map<string, string>();

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const standIns: Record<string, string> = {};
    for (const name of RELAYED_TOKENS) {
      const token = env[name]?.trim();
      if (!token) continue;
      standIns[name] = randomBytes(16).toString('hex');
      // As where no page is between: a token of two words is sent as it is.
      this.#tokens.set(`Bearer ${standIns[name]}`, /\s/.test(token) ? token : `Bearer ${token}`);
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
    if (authorization !== undefined) headers.authorization = this.#tokens.get(authorization) ?? authorization;
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
