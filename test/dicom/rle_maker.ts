/** Words of 16 bits as DICOM's RLE writes them, in runs of literals: high bytes, then low ones. */
export function rleOf(words: readonly number[]): Uint8Array<ArrayBuffer> {
  const segment = (shift: number) => {
    const out: number[] = [];
    for (let i = 0; i < words.length; i += 128) {
      const part = words.slice(i, i + 128);
      out.push(part.length - 1, ...part.map((word) => (word >> shift) & 255));
    }
    if (out.length % 2) out.push(128);
    return out;
  };
  const [high, low] = [segment(8), segment(0)];
  const head = new Uint32Array(16);
  head.set([2, 64, 64 + high.length]);
  return new Uint8Array([...new Uint8Array(head.buffer), ...high, ...low]);
}
