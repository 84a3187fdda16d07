import { Gunzip } from 'fflate';

/** Whether a file begins as gzip. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Bytes that are unpacked at a time, so that a packed file that unfolds a thousandfold stops near what is wanted. */
const STEP = 1 << 16;

/**
 * The first `length` bytes of a gzip file, or fewer where it holds fewer.
 * Throws an `Error` where it is broken before them.
 */
export function gunzipStart(packed: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  // What is promised may not be there: memory grows with what is.
  let out = new Uint8Array(Math.min(length, Math.max(1 << 16, 8 * packed.length)));
  let filled = 0;
  const stream = new Gunzip((part) => {
    const take = Math.min(part.length, length - filled);
    if (filled + take > out.length) {
      const larger = new Uint8Array(Math.min(length, Math.max(2 * out.length, filled + take)));
      larger.set(out.subarray(0, filled));
      out = larger;
    }
    out.set(part.subarray(0, take), filled);
    filled += take;
  });
  try {
    for (let at = 0; at < packed.length && filled < length; at += STEP) {
      stream.push(packed.subarray(at, at + STEP), at + STEP >= packed.length);
    }
  } catch (cause) {
    if (filled < length) throw new Error('its gzip data are broken', { cause });
  }
  return out.subarray(0, filled);
}
