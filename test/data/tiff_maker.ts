/** A TIFF of one strip, in either byte order; tags by number: [type, values]. Types: 1 bytes, 3 shorts, 4 longs. */
export function makeTiff(
  little: boolean,
  { width, height, bits, photometric, data, more = {}, samples = 1, pages = 1 }: TiffRecipe,
): Uint8Array {
  const out = new DataView(new ArrayBuffer(4000 + data.length));
  const bytes = new Uint8Array(out.buffer);
  bytes.set(little ? [0x49, 0x49] : [0x4d, 0x4d]);
  out.setUint16(2, 42, little);
  const start = 3000;
  bytes.set(data, start);
  const tags: Record<number, readonly [3 | 4, readonly number[]]> = {
    254: [4, [0]],
    256: [3, [width]],
    257: [3, [height]],
    258: [3, new Array(samples).fill(bits)],
    259: [3, [1]],
    262: [3, [photometric]],
    273: [4, [start]],
    277: [3, [samples]],
    278: [3, [height]],
    279: [4, [data.length]],
    ...more,
  };
  let spare = 1000;
  let at = 8;
  let link = 4;
  for (let page = 0; page < pages; page++) {
    out.setUint32(link, at, little);
    const entries = Object.entries(tags);
    out.setUint16(at, entries.length, little);
    at += 2;
    for (const [tag, [type, values]] of entries) {
      out.setUint16(at, Number(tag), little);
      out.setUint16(at + 2, type, little);
      out.setUint32(at + 4, values.length, little);
      const size = type === 3 ? 2 : 4;
      let place = at + 8;
      if (values.length * size > 4) {
        out.setUint32(place, spare, little);
        place = spare;
        spare += values.length * size;
      }
      for (const [i, value] of values.entries()) {
        if (type === 3) out.setUint16(place + size * i, value, little);
        else out.setUint32(place + size * i, value, little);
      }
      at += 12;
    }
    link = at;
    at += 4;
  }
  return bytes;
}

/** What a test TIFF should be; `more` are tags by number, or in place of those that are always there. */
export interface TiffRecipe {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly photometric: number;
  readonly data: readonly number[];
  readonly more?: Readonly<Record<number, readonly [3 | 4, readonly number[]]>>;
  readonly samples?: number;
  readonly pages?: number;
}
