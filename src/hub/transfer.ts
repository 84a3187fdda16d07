import { isUnseen } from '../base/address.ts';
import { authorizationOf } from '../base/authorization.ts';
import { FusionclipError } from '../base/errors.ts';
import { BrokenTransfer, busy, NoAnswer, type Persistence } from './persist.ts';

/** The network as this program uses it. */
export interface Web extends Persistence {
  /** The function that asks, e.g. `globalThis.fetch`. */
  readonly fetch: typeof fetch;
  /** Address of the model hub, e.g. `https://huggingface.co`. */
  readonly endpoint: string;
  /** Sent to the endpoint's own origin and to nobody else; never part of a message. One of two words says how it is to be used: `Basic …`. */
  readonly token?: string;
  /** Where the token comes from, for who has to give another one; default `HF_TOKEN`. */
  readonly tokenFrom?: string;
  /** Milliseconds without a byte after which a connection counts as broken; default 60,000. */
  readonly patience?: number;
}

/** Where models are when nothing else is said. */
export const DEFAULT_ENDPOINT = 'https://huggingface.co';

const PATIENCE = 60_000;
const MOST_HOPS = 10;

/** The network of an environment: `HF_ENDPOINT` and `HF_TOKEN` as the Python tools read them. */
export function webOf(env: (name: string) => string | undefined, persistence: Persistence = {}): Web {
  const endpoint = (env('HF_ENDPOINT') || DEFAULT_ENDPOINT).replace(/\/+$/, '');
  const token = env('HF_TOKEN')?.trim() || undefined;
  return { ...persistence, fetch: globalThis.fetch.bind(globalThis), endpoint, token };
}

/** An answer whose body is read piece by piece. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Where redirections led. */
  readonly url: string;
  /** Whether the token went along. */
  readonly known: boolean;
  /** The next piece, or null at the end. Throws {@link BrokenTransfer}. */
  read(): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Ends the connection. */
  cancel(): void;
}

/** What is asked for. */
export interface Asked {
  /** First and last byte wanted; the last may be left out. */
  readonly range?: readonly [first: number, last?: number];
  /** The kinds of answer that are taken. */
  readonly accept?: string;
  /** What is sent, which makes a POST of it. Its length goes before it: there are servers that take nothing in pieces and say that they did. */
  readonly post?: { readonly type: string; readonly body: Uint8Array<ArrayBuffer> };
  readonly signal?: AbortSignal;
}

/** Milliseconds that a byte may take on its way to a server, beside the patience for its answer. */
const SLOWEST = 1 / 20;

/**
 * One GET, or POST, that follows redirections by itself, so that the token reaches no other host.
 * @throws BrokenTransfer when there is no answer; FusionclipError `io` for a redirection that leads nowhere, `usage` for a token that is none
 */
export async function request(web: Web, address: string, { range, accept, post, signal }: Asked = {}): Promise<Answer> {
  const control = new AbortController();
  const onAbort = () => control.abort(signal?.reason);
  signal?.throwIfAborted();
  signal?.addEventListener('abort', onAbort, { once: true });
  let url = webAddress(address);
  for (let hop = 0; hop <= MOST_HOPS; hop++) {
    const headers: Record<string, string> = {};
    if (range) headers.range = `bytes=${range[0]}-${range[1] ?? ''}`;
    if (accept) headers.accept = accept;
    if (post) headers['content-type'] = post.type;
    if (web.token && url.origin === new URL(web.endpoint).origin) {
      headers.authorization = authorizationOf(web.token, web.tokenFrom ?? 'HF_TOKEN');
    }
    const ask = {
      headers,
      signal: control.signal,
      cache: 'no-store',
      ...(post && { method: 'POST', body: post.body }),
    };
    const patience = (web.patience ?? PATIENCE) + SLOWEST * (post?.body.length ?? 0);
    const get = (redirect: RequestRedirect) =>
      inTime({ patience }, control, signal, web.fetch(url.href, { ...ask, redirect } as RequestInit)).catch((error) => {
        throw error instanceof BrokenTransfer ? new NoAnswer(url.host, error.message) : error;
      });
    let response = await get('manual');
    // A page does not see where it is sent; its browser takes the token away at the border of the origin.
    if (response.type === 'opaqueredirect') response = await get('follow');
    const location = response.headers.get('location');
    if (![301, 302, 303, 307, 308].includes(response.status) || location === null) {
      const stop = () => signal?.removeEventListener('abort', onAbort);
      return {
        ...answerOf(web, response, url.href, control, signal, stop),
        known: headers.authorization !== undefined,
      };
    }
    await response.body?.cancel().catch(() => {});
    // Of addresses only hosts are told: a search may name a patient.
    const next = URL.canParse(location, url) ? checked(new URL(location, url)) : null;
    if (!next)
      throw new FusionclipError('io', `${url.host} leads to what is no address of the web; use another address.`);
    if (isUnseen(url) && !isUnseen(next)) {
      throw new FusionclipError(
        'io',
        `${url.host} leads from ${url.protocol === 'https:' ? 'https' : 'this machine'} to ${next.origin}, which is not safe; use another address.`,
      );
    }
    // What is sent is of a patient, and goes where it was meant to go.
    if (post && (response.status < 307 || next.origin !== url.origin)) {
      throw new FusionclipError('io', `${url.host} leads what is sent to ${next.origin}; use that address.`);
    }
    url = next;
  }
  throw new FusionclipError('io', `${url.host} redirects more than ${MOST_HOPS} times; use another address.`);
}

/** A checked address of the web. Throws `usage`. */
function webAddress(address: string): URL {
  const url = URL.canParse(address) ? checked(new URL(address)) : null;
  if (url) return url;
  throw new FusionclipError(
    'usage',
    `"${address}" is no address that can be fetched; give one with http or https, without a password.`,
  );
}

function checked(url: URL): URL | null {
  return /^https?:$/.test(url.protocol) && !url.username && !url.password ? url : null;
}

/** The value of a step of a transfer, unless it takes too long or breaks. */
async function inTime<T>(
  { patience = PATIENCE }: Pick<Web, 'patience'>,
  control: AbortController,
  signal: AbortSignal | undefined,
  step: Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BrokenTransfer(`nothing came for ${patience / 1000} s`)), patience);
  });
  try {
    return await Promise.race([step, late]);
  } catch (error) {
    step.catch(() => {});
    control.abort();
    signal?.throwIfAborted();
    // What has a sentence of its own is not mended by another try.
    if (error instanceof BrokenTransfer || error instanceof FusionclipError) throw error;
    throw new BrokenTransfer(reasonOf(error));
  } finally {
    clearTimeout(timer);
  }
}

/** Why a connection broke, without what Deno says before it: the whole address. */
function reasonOf(error: unknown): string {
  const cause = (error as { cause?: unknown }).cause;
  const text = cause instanceof Error && cause.message ? cause.message : String(error);
  return text
    .split(': ')
    .at(-1)!
    .replace(/\w+:\/\/\S+/g, 'its address');
}

function answerOf(
  web: Web,
  response: Response,
  url: string,
  control: AbortController,
  signal: AbortSignal | undefined,
  stop: () => void,
): Omit<Answer, 'known'> {
  const reader = response.body?.getReader();
  return {
    status: response.status,
    headers: response.headers,
    url: response.url || url,
    async read() {
      if (!reader) return null;
      const { value, done } = await inTime(web, control, signal, reader.read());
      if (done) stop();
      return done ? null : (value as Uint8Array<ArrayBuffer>);
    },
    cancel() {
      stop();
      control.abort();
      reader?.cancel().catch(() => {});
    },
  };
}

/** A whole answer. Throws BrokenTransfer, and `io`, which names the server alone, when it is longer than `most` bytes. */
export async function readAll(answer: Answer, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let part = await answer.read(); part; part = await answer.read()) {
    length += part.length;
    if (length > most) {
      answer.cancel();
      const { host } = new URL(answer.url);
      throw new FusionclipError('io', `${host} answers with more than ${most} bytes; use another address.`);
    }
    parts.push(part);
  }
  const out = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** First byte and length of the whole that a partial answer (206) tells; null when it does not. */
export function contentRange(headers: Headers): { first: number; last: number; total: number } | null {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '');
  return match && { first: Number(match[1]), last: Number(match[2]), total: Number(match[3]) };
}

/**
 * Turns an answer that brings no file into what to do about it; a status that may be another one the next time breaks the
 * transfer.
 */
export function requireFile({ status, headers, url, known }: Answer, what: string): void {
  const place = new URL(url).host;
  if (status === 408 || status === 429 || status >= 500) throw busy(place, status, headers);
  if (status === 401 && known) {
    throw new FusionclipError(
      'io',
      `${place} refuses the token (status 401), so ${what} does not come; put one that it takes into HF_TOKEN, or none for what everyone may have.`,
    );
  }
  if (status === 403 && known) {
    throw new FusionclipError(
      'io',
      `${place} knows the token and does not give ${what} for it (status 403); accept its terms there, or let HF_TOKEN hold a token with that right.`,
    );
  }
  if (status === 401 || status === 403) {
    throw new FusionclipError(
      'io',
      `${place} does not give ${what} to everyone (status ${status}): accept its terms there, and set HF_TOKEN to your token.`,
    );
  }
  if (status === 404 || status === 410) {
    throw new FusionclipError('io', `There is no ${what} at ${place} (status ${status}); check name and revision.`);
  }
  if (status === 416) {
    throw new FusionclipError(
      'io',
      `${place} has less of ${what} than before (status 416); fetch it anew, as a whole.`,
    );
  }
  if (status !== 200 && status !== 206) {
    throw new FusionclipError(
      'io',
      `${place} does not give ${what}: it answers with status ${status}; check the address, and ask who runs it.`,
    );
  }
  if (/^text\/html\b/i.test(headers.get('content-type') ?? '') && !/\.html?$/.test(what)) throw webPage(what, place);
}

/** The failure of a download that is answered by a page for people. */
export function webPage(what: string, place: string): FusionclipError {
  return new FusionclipError(
    'bad_model',
    `${place} answers with a web page in place of ${what} (a login, an error or a proxy); nothing was stored, check the address.`,
  );
}
