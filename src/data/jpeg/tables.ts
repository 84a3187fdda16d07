/** The mean step by which the values of a JPEG are rounded, of its first table; null where it has none before its picture. */
export function meanStep(bytes: Uint8Array): number | null {
  for (let at = 2; at + 4 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1];
    if (marker === 0xda) return null;
    const length = (bytes[at + 2] << 8) | bytes[at + 3];
    if (marker === 0xdb) {
      const wide = bytes[at + 4] >> 4;
      let sum = 0;
      for (let i = 0; i < 64; i++) {
        const from = at + 5 + i * (1 + wide);
        sum += wide ? (bytes[from] << 8) | bytes[from + 1] : bytes[from];
      }
      return sum / 64;
    }
    at += marker === 0xff ? 1 : 2 + length;
  }
  return null;
}
