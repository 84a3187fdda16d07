/** A real Redis or Valkey on loopback with an append-only file, and a way to it that can be cut. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { inPath } from '../../src/launch/runtimes.ts';

/** The server, at a port of its own. */
export class RedisServer {
  readonly #folder: string;
  readonly #program: string;
  readonly port: number;
  #process: ChildProcess | null = null;

  private constructor(program: string, folder: string, port: number) {
    this.#program = program;
    this.#folder = folder;
    this.port = port;
  }

  static async start(program: string, folder: string): Promise<RedisServer> {
    mkdirSync(folder, { recursive: true });
    const server = new RedisServer(program, folder, await freePort());
    await server.start();
    return server;
  }

  /** Starts it on what its append-only file holds. */
  async start(): Promise<void> {
    const args = ['--port', `${this.port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'yes'];
    this.#process = spawn(this.#program, [...args, '--dir', this.#folder, '--loglevel', 'warning'], {
      stdio: 'ignore',
    });
    for (let i = 0; i < 200; i++) {
      if (await this.ask(async (client) => (await client.ping()) === 'PONG').catch(() => false)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${this.#program} does not start`);
  }

  /** Ends it at once, with whatever it had not written. */
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.#process?.once('close', resolve));
    this.#process?.kill('SIGKILL');
    await ended;
  }

  /** Asks it something beside the workers. */
  async ask<T>(body: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis({ host: '127.0.0.1', port: this.port, lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      await client.connect();
      return await body(client);
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
