import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, connect as tlsConnect } from 'node:tls';
import { FusionclipError } from '../base/errors.ts';
import { type Link, linkAddress, noSecret } from '../base/link.ts';
import { ioError } from './disk.ts';
import { BEAT, greet, PATIENCE, welcome } from './web_socket.ts';

/** Where to listen, and with what. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** Paths of the certificate and its key, in PEM; null: without TLS. */
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

/** Who waits for connections. */
export interface Listener {
  readonly port: number;
  /** Calls `body` with each connection that knows the secret, one after the other. */
  serve(body: (link: Link) => Promise<void>): void;
  /** Takes no more connections. */
  close(): void;
}

/** Waits for connections. @throws FusionclipError `io` where the port cannot be had, or certificate or key cannot be read */
export async function listen({ host, port, secret, tls }: ListenOptions): Promise<Listener> {
  let body: (link: Link) => Promise<void> = async (link) => link.close();
  let last = Promise.resolve();
  const take = (socket: Socket): void => {
    void welcome(socket, secret).then((link) => {
      if (!link) return;
      last = last.then(() => body(link)).catch(() => link.close());
    });
  };
  const server: Server = tls
    ? createTlsServer({ cert: read(tls.certificate), key: read(tls.key) }, take)
    : createServer(take);
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    throw ioError('listen at', `${host}:${port}`, error);
  }
  return {
    port: (server.address() as { port: number }).port,
    serve(next) {
      body = next;
    },
    close: () => void server.close(),
  };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw ioError('read', path, error);
  }
}

/**
 * Connects to who listens, as `page_links.ts` does in a page.
 * @param address `HOST:PORT`, or `wss://HOST:PORT` for TLS
 * @param authority path of the authorities that its certificate is held against; null: those of the system
 * @throws FusionclipError `usage` for an address that is none or a secret that is another one, `io` where nobody answers
 */
export async function dial(address: string, secret: string, authority: string | null, beat = BEAT): Promise<Link> {
  const { host, port, isSecure, name } = linkAddress(address);
  const bare = host.replace(/^\[|\]$/g, '');
  const where = { host: bare, port, ...(/^[\d.:]+$/.test(bare) ? {} : { servername: bare }) };
  const socket = isSecure ? tlsConnect({ ...where, ...(authority && { ca: read(authority) }) }) : connect(where);
  try {
    await once(socket, isSecure ? 'secureConnect' : 'connect', { signal: AbortSignal.timeout(PATIENCE) });
  } catch (cause) {
    socket.destroy();
    const { name: kind, message } = cause as Error;
    const why = kind === 'AbortError' ? `no answer in ${PATIENCE / 1000} s` : message;
    throw new FusionclipError('io', `${name} does not answer (${why}); see whether it runs there.`, {
      cause,
    });
  }
  const link = await greet(socket, name, secret, beat);
  if (link) return link;
  throw noSecret(name);
}
