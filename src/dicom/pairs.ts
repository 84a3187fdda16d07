/** Numbers of 16 bits, with a sign or without. */
type Shorts = Uint16Array<ArrayBuffer> | Int16Array<ArrayBuffer>;

/** Whether samples are numbers of 16 bits. */
export function areShorts(samples: ArrayBufferView & { readonly BYTES_PER_ELEMENT: number }): samples is Shorts {
  return samples instanceof Uint16Array || samples instanceof Int16Array;
}

/** Numbers of 16 bits two at a time, from the first or the second on, as words of 32 bits begin at every fourth byte. */
function pairsOf(numbers: Shorts): { readonly first: number; readonly words: Uint32Array<ArrayBuffer> } {
  const first = (numbers.byteOffset >> 1) & 1;
  const count = (numbers.length - first) >> 1;
  // A view of nothing may not begin behind the end.
  const words = count > 0 ? new Uint32Array(numbers.buffer, numbers.byteOffset + 2 * first, count) : new Uint32Array(0);
  return { first, words };
}

/** The bits that any of some numbers has. */
export function anyBits(numbers: Shorts): number {
  const { first, words } = pairsOf(numbers);
  let any = 0;
  for (let i = 0; i < words.length; i++) any |= words[i];
  any |= any >>> 16;
  for (let i = 0; i < first; i++) any |= numbers[i];
  for (let i = first + 2 * words.length; i < numbers.length; i++) any |= numbers[i];
  return any & 0xffff;
}

/** Some numbers and a whole number to each: every sum must be one of 16 bits, with a sign or, unless `signed`, without. */
export function plus(numbers: Shorts, summand: number, signed: boolean): Shorts {
  const { first, words } = pairsOf(numbers);
  // Laid so that both arrays are cut into pairs alike.
  const buffer = new ArrayBuffer(2 * (first + numbers.length));
  const out = new (signed ? Int16Array : Uint16Array)(buffer, 2 * first, numbers.length);
  const sums = pairsOf(out).words;
  const both = (summand & 0xffff) * 0x10001;
  const low = both & 0x7fff7fff;
  // The highest bit of each half is added by itself, so that nothing is carried from one half to the other.
  for (let i = 0; i < words.length; i++) {
    const word = words[i];
    sums[i] = (((word & 0x7fff7fff) + low) | 0) ^ ((word ^ both) & 0x80008000);
  }
  for (let i = 0; i < first; i++) out[i] = numbers[i] + summand;
  for (let i = first + 2 * words.length; i < out.length; i++) out[i] = numbers[i] + summand;
  return out;
}
