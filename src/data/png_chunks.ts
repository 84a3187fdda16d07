/** What a PNG file says about its picture, checked for consistency, before any pixel is decoded. */
export interface PngHeader {
  readonly width: number;
  readonly height: number;
  /** Bits per sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  readonly colour: 'grey' | 'rgb' | 'palette' | 'grey_alpha' | 'rgba';
  readonly interlaced: boolean;
}

/** The parts of a PNG file that make up its picture. */
export interface PngChunks {
  readonly header: PngHeader;
  /** `r, g, b` per entry; empty when there is no palette. */
  readonly palette: Uint8Array;
  /** The zlib stream, joined from all `IDAT` chunks. */
  readonly stream: Uint8Array;
}

const COLOURS: Record<number, { colour: PngHeader['colour']; depths: readonly number[] }> = {
  0: { colour: 'grey', depths: [1, 2, 4, 8, 16] },
  2: { colour: 'rgb', depths: [8, 16] },
  3: { colour: 'palette', depths: [1, 2, 4, 8] },
  4: { colour: 'grey_alpha', depths: [8, 16] },
  6: { colour: 'rgba', depths: [8, 16] },
};

let crcTable: Uint32Array | undefined;

/**
 * Walks the chunks from the signature to `IEND` and checks every CRC. Chunks that do not change the bytes of the
 * picture (text, gamma, profiles, transparency of a palette) are checked and skipped, as Pillow's `convert` ignores them.
 * Throws an `Error` that says what is wrong.
 */
export function readPngChunks(bytes: Uint8Array): PngChunks {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHeader | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  const parts: Uint8Array[] = [];
  for (let at = 8; ; ) {
    if (at + 12 > bytes.length) throw new Error('the file is truncated');
    const length = view.getUint32(at);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    if (length > bytes.length - at - 12) throw new Error('the file is truncated');
    if (crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)) {
      throw new Error(`the checksum of its ${JSON.stringify(type)} chunk is wrong`);
    }
    const data = bytes.subarray(at + 8, at + 8 + length);
    if (!header && type !== 'IHDR') throw new Error('the header is missing');
    if (type === 'IHDR') header = readHeader(data);
    else if (type === 'PLTE') palette = readPalette(data);
    else if (type === 'IDAT') parts.push(data);
    else if (type === 'IEND') break;
    else if ((bytes[at + 4] & 32) === 0) throw new Error(`it needs an unknown chunk ${JSON.stringify(type)}`);
    at += 12 + length;
  }
  if (!header) throw new Error('the header is missing');
  if (header.colour === 'palette' && palette.length === 0) throw new Error('the palette is missing');
  if (parts.length === 0) throw new Error('it holds no pixels');
  return { header, palette, stream: parts.length === 1 ? parts[0] : concat(parts) };
}

function readHeader(data: Uint8Array): PngHeader {
  if (data.length !== 13) throw new Error('the header has a wrong length');
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const [depth, type, compression, filter, interlace] = data.subarray(8);
  const kind = COLOURS[type];
  if (!kind?.depths.includes(depth)) throw new Error(`colour type ${type} with ${depth} bits does not exist`);
  if (compression !== 0 || filter !== 0 || interlace > 1) throw new Error('it uses an unknown compression');
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  if (width === 0 || height === 0) throw new Error(`it is ${width}×${height} pixels`);
  return { width, height, depth, colour: kind.colour, interlaced: interlace === 1 };
}

function readPalette(data: Uint8Array): Uint8Array {
  if (data.length === 0 || data.length % 3 !== 0 || data.length > 768)
    throw new Error('the palette has a wrong length');
  return data;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** CRC-32 of ISO 3309, as in PNG and gzip. */
export function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
