import { randomBytes, randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize, sep } from 'node:path';
import { FusionclipError } from '../base/errors.ts';
import type { FileLock, FileWriter } from '../base/file_system.ts';
import type { BridgeFailure, Output, Start } from '../host/bridge.ts';
import { disk } from '../host/disk.ts';
import { Relay } from './relay.ts';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.css': 'text/css',
  '.png': 'image/png',
  '.wasm': 'application/wasm',
};

/** Milliseconds after which a page without a connection counts as gone; it tries anew after three seconds. */
const GRACE = 10_000;

/** The server-sent event that stands for a signal. */
const INTERRUPT = 'event: interrupt\ndata: 1\n\n';

/** What a page's requests lead to outside the server. */
export interface BridgeEvents {
  output(fd: 1 | 2, text: string): void;
  /** The program has ended with this exit code. */
  exit(code: number): void;
  /** The page is gone: it holds one connection open as long as it lives. */
  lost(): void;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/**
 * The web server behind a Chrome page: the files of the built bundle, and the bridge to disk and terminal. It listens
 * on 127.0.0.1 only, and every path starts with a random token, as other programs and pages reach that address too.
 */
export class BridgeServer {
  readonly #folder: string;
  readonly #start: Start;
  readonly #events: BridgeEvents;
  readonly #relay: Relay;
  readonly #token = randomBytes(16).toString('hex');
  readonly #server: Server;
  readonly #writers = new Map<string, FileWriter>();
  /** Lock files that the page holds; this process stands for it. */
  readonly #locks = new Map<string, FileLock>();
  readonly #listeners = new Set<ServerResponse>();
  /** Interrupts that came while the page was not connected: it may have started, and not listen yet. */
  #owed = 0;
  /** Whether the page's program runs. */
  hasStarted = false;

  /**
   * @param folder the built bundle with its `index.html`
   * @param tokens the environment that has those of {@link Relay}
   */
  constructor(
    folder: string,
    start: Start,
    events: BridgeEvents,
    tokens: Readonly<Record<string, string | undefined>> = {},
  ) {
    this.#folder = folder;
    this.#relay = new Relay(tokens);
    this.#start = { ...start, env: { ...start.env, ...this.#relay.standIns } };
    this.#events = events;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    // A step of the program may take longer than the time-outs that suit a public server.
    this.#server.requestTimeout = 0;
    this.#server.keepAliveTimeout = 600_000;
  }

  /** Starts to listen on a free port; returns the address of the page. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${this.#token}/index.html`;
  }

  /** Tells the page that its program shall stop, at once or when it connects. */
  interrupt(): void {
    if (this.#listeners.size === 0) this.#owed++;
    for (const listener of this.#listeners) listener.write(INTERRUPT);
  }

  /** Stops, removes what the page has left half-written, and gives its locks back. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const writer of this.#writers.values()) await writer.abort();
    this.#writers.clear();
    for (const lock of this.#locks.values()) await lock.release(false);
    this.#locks.clear();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const prefix = `/${this.#token}/`;
    try {
      if (!url.pathname.startsWith(prefix)) return void response.writeHead(404).end();
      const path = decodeURIComponent(url.pathname.slice(prefix.length));
      if (path === 'bridge/events') return this.#listen(response);
      if (path.startsWith('bridge/')) await this.#call(path.slice(7), url.searchParams, request, response);
      else await this.#static(path, response);
    } catch (error) {
      const code = error instanceof FusionclipError ? error.code : null;
      const failure: BridgeFailure = { code, message: error instanceof Error ? error.message : String(error) };
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify(failure));
    }
  }

  #listen(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`: open\n\n${INTERRUPT.repeat(this.#owed)}`);
    this.#owed = 0;
    this.#listeners.add(response);
    response.on('close', () => {
      this.#listeners.delete(response);
      // A page that lives connects anew within moments.
      setTimeout(() => {
        if (this.#listeners.size === 0) this.#events.lost();
      }, GRACE).unref();
    });
  }

  async #static(path: string, response: ServerResponse): Promise<void> {
    const inside = normalize(path);
    if (inside.startsWith('..') || inside.startsWith(sep)) return void response.writeHead(404).end();
    const bytes = await readFile(join(this.#folder, inside)).catch(() => null);
    if (!bytes) return void response.writeHead(404).end();
    const type = TYPES[extname(inside)] ?? 'application/octet-stream';
    response.writeHead(200, { 'content-type': type, 'cache-control': 'no-store' }).end(bytes);
  }

  #writer(query: URLSearchParams): FileWriter {
    const writer = this.#writers.get(query.get('id') ?? '');
    if (!writer) throw new FusionclipError('io', 'Cannot write: the writer is closed.');
    return writer;
  }

  async #call(name: string, query: URLSearchParams, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = query.get('path') ?? '';
    const id = query.get('id') ?? '';
    const number = (key: string): number => Number(query.get(key));
    const json = (value: unknown): unknown => response.end(JSON.stringify(value ?? null));
    response.setHeader('cache-control', 'no-store');
    switch (name) {
      case 'start':
        this.hasStarted = true;
        return void json(this.#start);
      case 'readFile':
        return void response.end(await disk.readFile(path));
      case 'readRange':
        return void response.end(await disk.readRange(path, number('offset'), number('length')));
      case 'stat':
        return void json(await disk.stat(path));
      case 'list':
        return void json(await disk.list(path));
      case 'realPath':
        return void response.end(await disk.realPath?.(path));
      case 'absolutePath':
        return void response.end(await disk.absolutePath?.(path));
      case 'append':
        await disk.appendFile(path, (await bodyOf(request)).toString('utf8'));
        break;
      case 'makeDir':
        await disk.makeDir(path);
        break;
      case 'rename':
        await disk.rename(query.get('from') ?? '', query.get('to') ?? '');
        break;
      case 'remove':
        await disk.remove(path);
        break;
      case 'link':
        await disk.link?.(query.get('target') ?? '', path);
        break;
      case 'lock': {
        const lock = await disk.lock!(path);
        const fresh = randomUUID();
        this.#locks.set(fresh, lock);
        return void json({ id: fresh, abandonedBy: lock.abandonedBy });
      }
      case 'unlock':
        await this.#locks.get(id)?.release(query.get('folder') === 'true');
        this.#locks.delete(id);
        break;
      case 'open': {
        const writer = await (query.has('append') ? disk.createAppender(path) : disk.createWriter(path));
        const fresh = randomUUID();
        this.#writers.set(fresh, writer);
        return void response.end(fresh);
      }
      case 'write':
        await this.#writer(query).write(await bodyOf(request));
        break;
      case 'close':
        await this.#writer(query).close();
        this.#writers.delete(id);
        break;
      case 'abort':
        await this.#writers.get(id)?.abort();
        this.#writers.delete(id);
        break;
      case 'output':
        for (const [fd, text] of JSON.parse((await bodyOf(request)).toString('utf8')) as Output[]) {
          this.#events.output(fd, text);
        }
        break;
      case 'relay':
        return await this.#relay.answer(await bodyOf(request), response);
      case 'exit':
        response.end();
        return this.#events.exit(number('code'));
      default:
        return void response.writeHead(404).end('{"code":null,"message":"no such request"}');
    }
    response.end();
  }
}
