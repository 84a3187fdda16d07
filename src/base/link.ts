import { FusionclipError } from './errors.ts';

/** A connection that carries whole messages. */
export interface Link {
  /** The other end, to be shown: `HOST:PORT`. */
  readonly name: string;
  /** Sends a message. What cannot be sent any more is noticed by whoever waits for the answer. */
  send(message: Uint8Array): void;
  /** The next message; null when the other end is gone. */
  receive(): Promise<Uint8Array | null>;
  /** Ends the connection. */
  close(): void;
}

/** Says one thing in a message: facts as JSON, and numbers. */
export function packMessage(facts: object, numbers: Float32Array = new Float32Array()): Uint8Array {
  const head = new TextEncoder().encode(JSON.stringify(facts));
  const at = 4 + Math.ceil(head.length / 4) * 4;
  const out = new Uint8Array(at + numbers.byteLength);
  new DataView(out.buffer).setUint32(0, head.length, true);
  out.set(head, 4);
  out.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at);
  return out;
}

/** What {@link packMessage} packed. @throws Error for bytes that it has not made */
export function unpackMessage(message: Uint8Array): { facts: unknown; numbers: Float32Array<ArrayBuffer> } {
  const own = message.slice();
  const length = new DataView(own.buffer).getUint32(0, true);
  const at = 4 + Math.ceil(length / 4) * 4;
  if (at > own.length) throw new Error('a message is cut short');
  return {
    facts: JSON.parse(new TextDecoder().decode(own.subarray(4, 4 + length))),
    numbers: new Float32Array(own.buffer, at),
  };
}

/** Where a worker, or a training, is to be found. */
export interface LinkAddress {
  readonly host: string;
  readonly port: number;
  /** Over TLS. */
  readonly isSecure: boolean;
  /** To be shown: `HOST:PORT`. */
  readonly name: string;
}

/** Takes `HOST:PORT`, `ws://HOST:PORT` or `wss://HOST:PORT`. @throws FusionclipError `usage` */
export function linkAddress(text: string): LinkAddress {
  const [, scheme = 'ws', host, port] = /^(?:(wss?):\/\/)?(\[[\da-f:]+\]|[^:/[\]]+):(\d+)\/?$/i.exec(text) ?? [];
  if (!host || Number(port) > 65_535) {
    throw new FusionclipError('usage', `"${text}" is no address of a worker; give HOST:PORT or wss://HOST:PORT.`);
  }
  return { host, port: Number(port), isSecure: scheme.toLowerCase() === 'wss', name: `${host}:${port}` };
}

/** The sentence about an end that does not know the secret. */
export function noSecret(name: string): FusionclipError {
  const text = `${name} does not know the secret, or is no other end; give both the same FUSIONCLIP_SECRET, and wss:// where it has a certificate.`;
  return new FusionclipError('usage', text);
}
