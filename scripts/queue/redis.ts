/** A real Redis or Valkey on loopback with an append-only file, and a way to it that can be cut. */
import { mkdirSync, readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { inPath } from '../../src/launch/runtimes.ts';
import { within } from './bounds.ts';
import { Child } from './child.ts';

/** Redis does not notice that its starter is gone; this shell does, and ends it then. */
const LEASH = 'while read -r _; do :; done; kill -9 "$1"';
/** Seconds for the server to start, or to answer. */
const PATIENCE = 30;

/** TLS, a user and a password, as a server of a hospital has them. */
export interface Guard {
  /** Paths of a certificate for localhost that is its own authority, and of its key. */
  readonly certificate: string;
  readonly key: string;
  readonly user: string;
  readonly password: string;
}

/** The server, at a port of its own. */
export class RedisServer {
  readonly #guard: Guard | null;
  readonly #folder: string;
  readonly #program: string;
  readonly port: number;
  #process: Child | null = null;
  #watch: Child | null = null;

  private constructor(program: string, folder: string, port: number, guard: Guard | null) {
    this.#guard = guard;
    this.#program = program;
    this.#folder = folder;
    this.port = port;
  }

  static async start(program: string, folder: string, guard: Guard | null = null): Promise<RedisServer> {
    mkdirSync(folder, { recursive: true });
    const server = new RedisServer(program, folder, await freePort(), guard);
    await server.start();
    return server;
  }

  /** Starts it on what its append-only file holds. @throws Error with what it said, when it does not start */
  async start(): Promise<void> {
    const own = [...this.#doors(), '--bind', '127.0.0.1', '--dir', this.#folder];
    const kept = ['--save', '', '--appendonly', 'yes', '--loglevel', 'warning'];
    const child = new Child(this.#program, [...own, ...kept]);
    this.#process = child;
    this.#watch = new Child('/bin/sh', ['-c', LEASH, 'sh', `${child.pid}`]);
    const answers = async (): Promise<void> => {
      while (this.#process === child) {
        if (child.end !== null) throw new Error(`${this.#program} ended (${child.end}) as it started.\n${child.text}`);
        if (await this.ask(async (client) => (await client.ping()) === 'PONG').catch(() => false)) return;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const what = `${this.#program} to start at port ${this.port}`;
    await within(answers(), { seconds: PATIENCE, what, state: () => child.text || 'It said nothing.' });
  }

  #doors(): string[] {
    const guard = this.#guard;
    if (!guard) return ['--port', `${this.port}`];
    const files = ['--tls-cert-file', guard.certificate, '--tls-key-file', guard.key, '--tls-auth-clients', 'no'];
    const own = ['--user', guard.user, 'on', `>${guard.password}`, '~*', '&*', '+@all'];
    const users = [...own, '--user', 'default', 'off'];
    return ['--port', '0', '--tls-port', `${this.port}`, ...files, '--tls-ca-cert-file', guard.certificate, ...users];
  }

  /** Ends it at once, with whatever it had not written. */
  async kill(): Promise<void> {
    const [child, watch] = [this.#process, this.#watch];
    this.#process = this.#watch = null;
    await child?.close();
    watch?.kill();
  }

  /** Asks it something beside the workers. */
  async ask<T>(body: (client: Redis) => Promise<T>): Promise<T> {
    const once = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null };
    const guard = this.#guard;
    const who = guard && {
      username: guard.user,
      password: guard.password,
      tls: { ca: readFileSync(guard.certificate, 'utf8'), servername: 'localhost' },
    };
    const client = new Redis({ host: '127.0.0.1', port: this.port, connectTimeout: 5000, ...once, ...who });
    client.on('error', () => {});
    try {
      return await within(
        client.connect().then(() => body(client)),
        { seconds: 5, what: 'Redis to answer' },
      );
    } finally {
      client.disconnect();
    }
  }
}

/** Passes connections on to a port, until it is cut. */
export class Way {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;
  readonly #state: { isCut: boolean };

  private constructor(port: number, server: Server, sockets: Set<Socket>, state: { isCut: boolean }) {
    this.port = port;
    this.#server = server;
    this.#sockets = sockets;
    this.#state = state;
  }

  static async to(target: number): Promise<Way> {
    const sockets = new Set<Socket>();
    const state = { isCut: false };
    const server = createServer((from) => {
      if (state.isCut) return void from.destroy();
      const to = connect(target, '127.0.0.1');
      for (const [one, other] of [
        [from, to],
        [to, from],
      ]) {
        sockets.add(one);
        one
          .on('error', () => other.destroy())
          .on('close', () => {
            sockets.delete(one);
            other.destroy();
          });
        one.pipe(other);
      }
    });
    const port = await freePort();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()));
    return new Way(port, server, sockets, state);
  }

  /** Cuts all connections, and takes new ones again after some milliseconds. */
  async cut(milliseconds: number): Promise<void> {
    this.#state.isCut = true;
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    this.#state.isCut = false;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The server's program. @throws where there is none */
export function redisProgram(given: string | null): string {
  const found = given ?? inPath('redis-server') ?? inPath('valkey-server');
  if (!found) throw new Error('There is no redis-server; install one (Debian: apt-get install redis-server).');
  return found;
}
