import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Link } from '../base/link.ts';

/** What RFC 6455 has both ends hash. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
/** Bytes that a message may have. */
const MOST = 2 ** 31;
/** Milliseconds for a handshake. */
export const PATIENCE = 20_000;
/** Milliseconds after which each end says that it is there, also while it computes. */
export const BEAT = 10_000;
/** Beats without a byte from the other end after which it is gone: its process stands still, or no packet comes through any more. */
const SILENT = 12;

const FINAL = 0x80;
const [CONTINUED, BINARY, CLOSE, PING, PONG] = [0, 2, 8, 9, 10];

/** Bytes of a socket as they are asked for. */
class Incoming {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #ended = false;
  #wake = (): void => {};
  /** Beats since the last byte. */
  silence = 0;

  constructor(socket: Socket) {
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#length += chunk.length;
      this.silence = 0;
      this.#wake();
    });
    socket.on('end', end).on('close', end).on('error', end);
  }

  /** So many bytes; null when the stream ended before. */
  async take(count: number): Promise<Buffer | null> {
    while (this.#length < count) {
      if (this.#ended) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const all = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#chunks.length = 0;
    if (all.length > count) this.#chunks.push(all.subarray(count));
    this.#length -= count;
    return all.subarray(0, count);
  }

  /** A head of HTTP; null for none. */
  async head(): Promise<string | null> {
    let text = '';
    while (!text.endsWith('\r\n\r\n')) {
      const next = text.length > 8192 ? null : await this.take(1);
      if (!next) return null;
      text += next.toString('latin1');
    }
    return text;
  }
}

function accept(key: string): string {
  return createHash('sha1')
    .update(key + MAGIC)
    .digest('base64');
}

function frame(kind: number, payload: Uint8Array, masked: boolean): Buffer {
  const { length } = payload;
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size + (masked ? 4 : 0)); // a mask of zeros changes nothing
  head[0] = FINAL | kind;
  head[1] = (masked ? 0x80 : 0) | (size === 0 ? length : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

/**
 * A socket after the handshake. What comes is read as it comes, so that an end that is busy shows that it is there.
 * @param masked whether this end is the client
 * @param beat milliseconds between two signs of life
 */
function linkOf(socket: Socket, incoming: Incoming, name: string, masked: boolean, beat: number): Link {
  const next = async (): Promise<{ kind: number; isFinal: boolean; payload: Buffer } | null> => {
    const head = await incoming.take(2);
    if (!head) return null;
    const short = head[1] & 0x7f;
    const more = short < 126 ? null : await incoming.take(short === 126 ? 2 : 8);
    const length = more === null ? short : more.length === 2 ? more.readUInt16BE() : Number(more.readBigUInt64BE());
    if (length > MOST || (short >= 126 && more === null)) return null;
    const mask = head[1] & 0x80 ? await incoming.take(4) : null;
    const payload = await incoming.take(length);
    if (!payload) return null;
    if (mask?.some((byte) => byte !== 0)) for (let i = 0; i < length; i++) payload[i] ^= mask[i % 4];
    return { kind: head[0] & 0xf, isFinal: (head[0] & FINAL) !== 0, payload };
  };
  const message = async (): Promise<Uint8Array | null> => {
    const parts: Buffer[] = [];
    for (;;) {
      const one = await next();
      if (!one || one.kind === CLOSE) return null;
      if (one.kind === PING && socket.writable) socket.write(frame(PONG, one.payload, masked));
      if (one.kind !== BINARY && one.kind !== CONTINUED) continue;
      parts.push(one.payload);
      if (one.isFinal) return new Uint8Array(parts.length === 1 ? parts[0] : Buffer.concat(parts));
    }
  };
  const come: Uint8Array[] = [];
  let isOver = false;
  let wake = (): void => {};
  const pulse = setInterval(() => {
    if (++incoming.silence > SILENT) socket.destroy();
    else if (socket.writable) socket.write(frame(PING, new Uint8Array(), masked));
  }, beat);
  pulse.unref();
  const read = async (): Promise<void> => {
    for (let one = await message(); one !== null; one = await message()) {
      come.push(one);
      wake();
    }
    clearInterval(pulse);
    isOver = true;
    socket.destroy();
    wake();
  };
  void read();
  return {
    name,
    send: (message) => void (socket.writable && socket.write(frame(BINARY, message, masked))),
    async receive() {
      while (come.length === 0) {
        if (isOver) return null;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return come.shift()!;
    },
    close() {
      if (socket.writable) socket.end(frame(CLOSE, new Uint8Array(), masked));
    },
  };
}

function proof(secret: string, ...words: readonly (string | Uint8Array)[]): Uint8Array {
  const hmac = createHmac('sha256', secret);
  for (const word of words) hmac.update(word);
  return hmac.digest();
}

function same(a: Uint8Array | null, b: Uint8Array): boolean {
  return a !== null && a.length === b.length && timingSafeEqual(a, b);
}

async function inTime<T>(socket: Socket, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => socket.destroy(), PATIENCE);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The server's end of a connection that has just come in, after both ends have shown that they know the secret, which is never sent.
 * @returns null for who does not know it, or is no WebSocket
 */
export function welcome(socket: Socket, secret: string, beat = BEAT): Promise<Link | null> {
  socket.on('error', () => {}).setKeepAlive(true, 10_000);
  const incoming = new Incoming(socket);
  const shake = async (): Promise<Link | null> => {
    const key = /^sec-websocket-key: *(\S+)/im.exec((await incoming.head()) ?? '')?.[1];
    if (!key) return null;
    const answer = ['HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade'];
    socket.write(`${[...answer, `Sec-WebSocket-Accept: ${accept(key)}`].join('\r\n')}\r\n\r\n`);
    const link = linkOf(socket, incoming, `${socket.remoteAddress}:${socket.remotePort}`, false, beat);
    const mine = randomBytes(32);
    link.send(mine);
    const theirs = await link.receive();
    if (!theirs || !same(theirs.subarray(32), proof(secret, 'client', mine, theirs.subarray(0, 32)))) return null;
    link.send(proof(secret, 'server', theirs.subarray(0, 32), mine));
    return link;
  };
  return inTime(socket, shake()).then((link) => {
    if (!link) socket.destroy();
    return link;
  });
}

/** The client's end; null where the other one is no WebSocket, or does not know the secret. */
export function greet(socket: Socket, name: string, secret: string, beat = BEAT): Promise<Link | null> {
  socket.on('error', () => {}).setKeepAlive(true, 10_000);
  const incoming = new Incoming(socket);
  const shake = async (): Promise<Link | null> => {
    const key = randomBytes(16).toString('base64');
    const head = [`GET / HTTP/1.1`, `Host: ${name}`, 'Upgrade: websocket', 'Connection: Upgrade'];
    const own = [`Sec-WebSocket-Key: ${key}`, 'Sec-WebSocket-Version: 13'];
    socket.write(`${[...head, ...own].join('\r\n')}\r\n\r\n`);
    const answer = (await incoming.head()) ?? '';
    if (!/^HTTP\/1\.1 101 /.test(answer) || !answer.includes(accept(key))) return null;
    const link = linkOf(socket, incoming, name, true, beat);
    const theirs = await link.receive();
    if (theirs?.length !== 32) return null;
    const mine = randomBytes(32);
    link.send(Buffer.concat([mine, proof(secret, 'client', theirs, mine)]));
    return same(await link.receive(), proof(secret, 'server', mine, theirs)) ? link : null;
  };
  return inTime(socket, shake()).then((link) => {
    if (!link) socket.destroy();
    return link;
  });
}
