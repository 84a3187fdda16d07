/**
 * Numbers that are a pure function of a name and a seed: weights without a weight file, sampling, test pictures.
 *
 * `x_i = fmix32((fnv1a32(name) xor seed) + i * 0x9E3779B1)` modulo 2^32, `u_i = (x_i + 1/2) / 2^32`. Counter-based: any
 * stretch of the stream can be made without the numbers before it.
 */

/** The increment between counters: 2^32 divided by the golden ratio, odd. */
const GOLDEN = 0x9e3779b1;

/** FNV-1a, 32 bits, of bytes or of the UTF-8 form of a text; unsigned. */
export function fnv1a32(data: string | Uint8Array): number {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash >>> 0;
}

/** The finaliser of MurmurHash3: a bijection of 32-bit numbers that spreads every input bit; unsigned. */
export function fmix32(x: number): number {
  let h = x;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Number `index` of the stream (`name`, `seed`), unsigned 32 bits. */
export function ruleU32(name: string, seed: number, index: number): number {
  return ruleStream(name, seed)(index);
}

/** The stream (`name`, `seed`) as a function of the index, for many numbers: the name is hashed once. */
export function ruleStream(name: string, seed: number): (index: number) => number {
  const base = fnv1a32(name) ^ seed;
  return (index) => fmix32(base + Math.imul(index, GOLDEN));
}

/**
 * Numbers `start … start + count - 1` of the stream, spread evenly over `offset ± amplitude`:
 * `float32(offset + amplitude * (2 u_i - 1))` with one rounding. `shape` is a count or the axes of a row-major tensor.
 */
export function ruleUniform(
  name: string,
  seed: number,
  shape: number | readonly number[],
  offset: number,
  amplitude: number,
  start = 0,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(typeof shape === 'number' ? shape : shape.reduce((a, b) => a * b, 1));
  let counter = ((fnv1a32(name) ^ seed) + Math.imul(start, GOLDEN)) | 0;
  for (let i = 0; i < out.length; i++) {
    // fmix32 by hand: a call a number costs a third of the time of a 25-million-element weight
    let h = Math.imul(counter ^ (counter >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    const u = (((h ^ (h >>> 16)) >>> 0) + 0.5) / 4294967296;
    out[i] = offset + amplitude * (2 * u - 1);
    counter = (counter + GOLDEN) | 0;
  }
  return out;
}
