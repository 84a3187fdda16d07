/** What the page and its launcher say to each other over HTTP; the page's side is chrome_page.ts. */
import type { ErrorCode } from '../base/errors.ts';

/** The answer to `GET start`: what a process would know from its own environment. */
export interface Start {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly isTerminal: boolean;
  readonly columns: number | null;
}

/** A failure of the bridge: the body of an answer with status 500. */
export interface BridgeFailure {
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** Bytes in one request: Chrome holds a request's body in memory two or three times. */
export const SLICE = 8 * 2 ** 20;

/** Piece of output: file descriptor (1 or 2) and text. */
export type Output = readonly [fd: 1 | 2, text: string];

/** Variables whose values a page does not see: the launcher sends them in its place. */
export const RELAYED_TOKENS = ['DICOMWEB_TOKEN', 'DICOMWEB_STORE_TOKEN'] as const;

/** What a page asks a server for through its launcher. */
interface Relayed {
  readonly url: string;
  readonly init: {
    readonly method: string;
    readonly headers: Record<string, string>;
    readonly body?: Uint8Array<ArrayBuffer>;
  };
}

/** What a server has answered, in the header `x-relayed` of the launcher's own answer, whose body is the server's. */
export interface RelayedAnswer {
  readonly status: number;
  readonly headers: readonly [name: string, value: string][];
}

/** A request as one message, which has the address in its body: addresses of searches hold names of patients, and those of the bridge may be logged. */
export function relayedMessage({ url, init: { method, headers, body } }: Relayed): Blob {
  return new Blob([`${JSON.stringify({ url, method, headers, hasBody: body !== undefined })}\n`, body ?? '']);
}

/** The request of a message. */
export function relayedRequest(message: Uint8Array): Relayed {
  const end = message.indexOf(10);
  const { url, method, headers, hasBody } = JSON.parse(new TextDecoder().decode(message.subarray(0, end)));
  const init = { method, headers };
  return { url, init: hasBody ? { ...init, body: new Uint8Array(message.subarray(end + 1)) } : init };
}

/**
 * A `fetch` that asks through the launcher, for requests with plain headers and bytes.
 * @param ask sends a message to the launcher
 */
export function relayedFetch(ask: (message: Blob, signal: AbortSignal | undefined) => Promise<Response>): typeof fetch {
  return async (input, init = {}) => {
    const { method = 'GET', body, signal } = init;
    const headers = init.headers as Record<string, string>;
    const bytes = body as Uint8Array<ArrayBuffer> | undefined;
    const message = relayedMessage({ url: String(input), init: { method, headers, ...(bytes && { body: bytes }) } });
    const answer = await ask(message, signal ?? undefined);
    const head = JSON.parse(decodeURIComponent(answer.headers.get('x-relayed') ?? '')) as RelayedAnswer;
    const empty = head.status === 204 || head.status === 205 || head.status === 304;
    return new Response(empty ? null : answer.body, {
      status: head.status,
      headers: head.headers as [string, string][],
    });
  };
}
