import { unzlibSync } from 'fflate';
import { UnreadPicture } from '../unread.ts';

/** How the bytes of a strip or tile are unpacked, by TIFF's number; `size` is how many there are at most. */
const UNPACKERS: Readonly<Record<number, (packed: Uint8Array, size: number) => Uint8Array>> = {
  1: (packed) => packed,
  5: unpackLzw,
  8: inflate,
  32773: unpackBits,
  32946: inflate,
};

/** What else there is. */
const OTHERS: Readonly<Record<number, string>> = {
  2: 'as a fax',
  3: 'as a fax',
  4: 'as a fax',
  6: 'with JPEG',
  7: 'with JPEG',
  34712: 'with JPEG 2000',
  34887: 'with LERC',
  34925: 'with LZMA',
  50000: 'with Zstandard',
  50001: 'with WebP',
  50002: 'with JPEG XL',
};

/** The bytes of a strip or tile; fewer than `size` where the file is damaged. Throws `UnreadPicture` for other kinds. */
export function unpack(packed: Uint8Array, compression: number, size: number): Uint8Array {
  const unpacker = UNPACKERS[compression];
  if (!unpacker)
    throw new UnreadPicture(`it is compressed ${OTHERS[compression] ?? `in a way of its own, ${compression}`}`);
  return unpacker(packed, size);
}

/** Whether values may be stored as differences with a compression; elsewhere the tag that says so does not count. */
export function hasPredictor(compression: number): boolean {
  return compression === 5 || compression === 8 || compression === 32946;
}

function inflate(packed: Uint8Array, size: number): Uint8Array {
  return unzlibSync(packed, { out: new Uint8Array(size) });
}

function unpackBits(packed: Uint8Array, size: number): Uint8Array {
  const out = new Uint8Array(size);
  let to = 0;
  for (let at = 0; at < packed.length && to < size; ) {
    const count = (packed[at++] << 24) >> 24;
    if (count >= 0) {
      const run = packed.subarray(at, at + Math.min(count + 1, size - to));
      out.set(run, to);
      to += run.length;
      at += count + 1;
    } else if (count !== -128) {
      out.fill(packed[at++], to, to + 1 - count);
      to += 1 - count;
    }
  }
  return out.subarray(0, Math.min(to, size));
}

/** Codes that are no strings: start again, and the end. */
const CLEAR = 256;
const END = 257;

/** TIFF's LZW: codes of 9 to 12 bits from the highest bit on, which grow one code early. */
function unpackLzw(packed: Uint8Array, size: number): Uint8Array {
  if (packed[0] === 0 && (packed[1] & 1) === 1) throw new UnreadPicture('its LZW is of the kind before TIFF 6');
  const out = new Uint8Array(size);
  // A string is the one that it lengthens, and its last byte.
  const lengthened = new Uint16Array(4096);
  const last = Uint8Array.from({ length: 4096 }, (_, code) => code & 255);
  const lengths = new Uint32Array(4096).fill(1);
  let next = END + 1;
  let width = 9;
  let before = -1;
  let to = 0;
  let held = 0;
  let bits = 0;
  for (let at = 0; to < size; ) {
    for (; bits < width && at < packed.length; bits += 8) held = ((held << 8) | packed[at++]) & 0xffffff;
    if (bits < width) break;
    bits -= width;
    const code = (held >> bits) & ((1 << width) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      next = END + 1;
      width = 9;
      before = -1;
      continue;
    }
    const isNew = code === next && before >= 0;
    if (!isNew && (code >= next || (before < 0 && code > 255))) throw new Error('its codes contradict themselves');
    const known = isNew ? before : code;
    const length = lengths[known];
    let step = known;
    for (let i = to + length - 1; i > to; i--) {
      out[i] = last[step];
      step = lengthened[step];
    }
    const first = last[step];
    out[to] = first;
    to += length;
    if (isNew) out[to++] = first;
    if (before >= 0 && next < 4096) {
      lengthened[next] = before;
      last[next] = first;
      lengths[next] = lengths[before] + 1;
      next++;
      if (next === (1 << width) - 1 && width < 12) width++;
    }
    before = code;
  }
  return out.subarray(0, Math.min(to, size));
}
