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
