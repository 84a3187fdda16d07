/** Turns the order of bytes within words, in place. */
export function swap(raw: Uint8Array, size: number): void {
  for (let at = 0; at + size <= raw.length; at += size) {
    for (let low = at, high = at + size - 1; low < high; low++, high--) {
      const byte = raw[low];
      raw[low] = raw[high];
      raw[high] = byte;
    }
  }
}
