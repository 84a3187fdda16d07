import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it came. */
export interface Seen {
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
}

/** What a server does with a request for a file in place of serving it. */
export type Fault = (response: ServerResponse, bytes: Uint8Array, first: number, request: IncomingMessage) => void;

/** A model hub on this machine, with one repository `org/clip`, that can be told to misbehave. */
export class HubServer {
  readonly files = new Map<string, Uint8Array>();
  readonly seen: Seen[] = [];
  /** Used up from the front, one for each request of a file; undefined serves it well. */
  readonly faults: (Fault | undefined)[] = [];
  /** Changes the answer about the repository. */
  listing: (json: Record<string, unknown>) => unknown = (json) => json;
  commit = 'c0ffee'.padEnd(40, '0');
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Requests for files since the last call. */
  take(): Seen[] {
    return this.seen.splice(0).filter(({ path }) => !path.startsWith('/api/'));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { range, authorization } = request.headers;
    const path = decodeURIComponent((request.url ?? '').replace(/\?.*/, ''));
    // A page of another origin asks first whether it may.
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'authorization, range');
    response.setHeader('access-control-expose-headers', 'content-range, etag, content-length');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    this.seen.push({ path, range, authorization });
    if (path.startsWith('/api/models/org/clip/revision/')) {
      response.setHeader('content-type', 'application/json').end(JSON.stringify(this.listing(this.#listing())));
      return;
    }
    const bytes = this.files.get(path.replace(/^\/org\/clip\/resolve\/[^/]+\//, '').replace(/^\/plain\//, ''));
    if (!bytes) {
      response.writeHead(404).end('Not Found');
      return;
    }
    const [first, last] = this.#range(range, bytes.length);
    const fault = this.faults.shift();
    if (fault) {
      fault(response, bytes, first, request);
      return;
    }
    response.setHeader('etag', `"${sha256(bytes)}"`);
    if (first >= bytes.length && range) {
      response.writeHead(416).end();
      return;
    }
    serve(response, bytes, first, last, range !== undefined);
  }

  #range(text: string | undefined, length: number): [number, number] {
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(text ?? '') ?? [null, '0', ''];
    return [Number(first), last ? Math.min(Number(last), length - 1) : length - 1];
  }

  #listing(): Record<string, unknown> {
    const siblings = [...this.files].map(([rfilename, bytes]) =>
      rfilename.endsWith('.safetensors')
        ? {
            rfilename,
            size: bytes.length,
            blobId: 'f'.repeat(40),
            lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 134 },
          }
        : { rfilename, size: bytes.length, blobId: gitHash(bytes) },
    );
    return { id: 'org/clip', sha: this.commit, siblings };
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function gitHash(bytes: Uint8Array): string {
  return createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
}

function serve(response: ServerResponse, bytes: Uint8Array, first: number, last: number, partial: boolean): void {
  const body = bytes.subarray(first, last + 1);
  if (partial) response.setHeader('content-range', `bytes ${first}-${last}/${bytes.length}`);
  response.writeHead(partial ? 206 : 200, { 'content-length': body.length }).end(body);
}

/** Misbehaviours. */
export const FAULTS = {
  /** Announces all, then breaks off after so many bytes. */
  breakAfter:
    (count: number): Fault =>
    (response, bytes, first) => {
      const left = bytes.length - first;
      if (first > 0) response.setHeader('content-range', `bytes ${first}-${bytes.length - 1}/${bytes.length}`);
      response.writeHead(first > 0 ? 206 : 200, { 'content-length': left });
      response.write(bytes.subarray(first, first + count), () => setTimeout(() => response.destroy(), 300));
    },
  /** Ends politely after so many bytes, without having announced any length. */
  truncate:
    (count: number): Fault =>
    (response, bytes, first) => {
      if (first > 0) response.setHeader('content-range', `bytes ${first}-${bytes.length - 1}/${bytes.length}`);
      response.writeHead(first > 0 ? 206 : 200).end(bytes.subarray(first, first + count));
    },
  ignoreRange: ((response, bytes) =>
    response.writeHead(200, { 'content-length': bytes.length }).end(bytes)) satisfies Fault,
  /** Says that it goes on where it should, and sends what lies elsewhere. */
  wrongBytes: ((response, bytes, first) => {
    const other = bytes.slice(first).fill(7);
    if (first > 0) response.setHeader('content-range', `bytes ${first}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(first > 0 ? 206 : 200, { 'content-length': other.length }).end(other);
  }) satisfies Fault,
  /** Goes on somewhere else. */
  wrongRange: ((response, bytes, first) => {
    response.setHeader('content-range', `bytes ${first + 1}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(206).end(bytes.subarray(first + 1));
  }) satisfies Fault,
  tooLong: ((response, bytes, first) => {
    response.writeHead(first > 0 ? 206 : 200);
    response.end(Buffer.concat([bytes.subarray(first), Buffer.alloc(1000)]));
  }) satisfies Fault,
  oneByteMore: ((response, bytes, first) => {
    response.writeHead(first > 0 ? 206 : 200);
    response.end(Buffer.concat([bytes.subarray(first), Buffer.alloc(1)]));
  }) satisfies Fault,
  /** Answers a range with all of the file, and says so. */
  startOver: ((response, bytes) => {
    response.setHeader('content-range', `bytes 0-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(206).end(bytes);
  }) satisfies Fault,
  page: ((response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html><title>Log in</title>');
  }) satisfies Fault,
  /** A page that says it is a binary file. */
  hiddenPage: ((response) => {
    const text = '\n<html><body>Log in, please.</body></html>'.padEnd(500);
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': 500 }).end(text);
  }) satisfies Fault,
  hang: ((response, bytes, first) => {
    if (first > 0) response.setHeader('content-range', `bytes ${first}-${bytes.length - 1}/${bytes.length}`);
    response.writeHead(first > 0 ? 206 : 200, { 'content-length': bytes.length - first });
    response.write(bytes.subarray(first, first + 10));
  }) satisfies Fault,
  status:
    (code: number): Fault =>
    (response) =>
      response.writeHead(code).end('no'),
  redirect:
    (to: (path: string) => string): Fault =>
    (response, _bytes, _first, request) =>
      response.writeHead(302, { location: to(request.url ?? '') }).end(),
};
