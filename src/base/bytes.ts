/** Bytes one after the other, as one array. */
export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Turns the order of bytes within words, in place. @param size of a word, in bytes */
export function swapBytes(raw: Uint8Array, size: number): void {
  for (let at = 0; at + size <= raw.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = raw[low];
      raw[low] = raw[high];
      raw[high] = byte;
    }
  }
}
