/** A file of an archive. */
export interface ZipEntry {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes that a plain archive may have, and files: more would need fields that old programs do not read. */
const MOST_BYTES = 2 ** 32 - 1;
const MOST_FILES = 65_535;

/**
 * An archive that stores its files as they are: pictures and weights do not get smaller.
 * @throws RangeError where it would be larger than the plain format holds
 */
export function zip(entries: readonly ZipEntry[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let at = 0;
  for (const { name, bytes } of entries) {
    const path = new TextEncoder().encode(name);
    const [crc, size] = [crc32(bytes), bytes.length];
    // Version 2.0, names in UTF-8, stored, 1 January 1980: equal files make equal archives.
    const common = [u16(20), u16(0x800), u16(0), u16(0), u16(0x21), u32(crc), u32(size), u32(size), u16(path.length)];
    const head = joined([u32(0x04034b50), ...common, u16(0), path]);
    parts.push(head, bytes);
    directory.push(
      joined([u32(0x02014b50), u16(20), ...common, u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), path]),
    );
    at += head.length + size;
  }
  const length = directory.reduce((sum, each) => sum + each.length, 0);
  if (at + length > MOST_BYTES || entries.length > MOST_FILES) throw new RangeError('too much for one archive');
  const count = u16(entries.length);
  const end = joined([u32(0x06054b50), u16(0), u16(0), count, count, u32(length), u32(at), u16(0)]);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

let table: Uint32Array | null = null;

function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

function u16(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value & 255, value >>> 8);
}

function u32(value: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(value & 255, (value >>> 8) & 255, (value >>> 16) & 255, value >>> 24);
}

function joined(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
