/** What a test PNG should be; `samples` are raw values, pixel after pixel, not scaled. */
export interface PngRecipe {
  readonly width: number;
  readonly height: number;
  readonly depth: 1 | 2 | 4 | 8 | 16;
  /** PNG's number: 0 grey, 2 RGB, 3 palette, 4 grey with alpha, 6 RGBA. */
  readonly type: 0 | 2 | 3 | 4 | 6;
  readonly samples: readonly number[];
  readonly palette?: readonly number[];
  readonly interlaced?: boolean;
}

const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 } as const;
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];

/** A PNG file with unfiltered rows in stored blocks: every kind of PNG, without an encoder that has to support it. */
export function makePng(recipe: PngRecipe): Uint8Array<ArrayBuffer> {
  const { width, height, depth, type, palette, interlaced = false } = recipe;
  const header = [...bytes32(width), ...bytes32(height), depth, type, 0, 0, Number(interlaced)];
  const chunks = [chunk('IHDR', header)];
  if (palette) chunks.push(chunk('PLTE', palette));
  chunks.push(chunk('IDAT', stored(rows(recipe))), chunk('IEND', []));
  return Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...chunks.flat()]);
}

/** One chunk with its length and CRC. */
export function chunk(type: string, data: readonly number[]): number[] {
  const body = [...type].map((c) => c.charCodeAt(0)).concat(data);
  return [...bytes32(data.length), ...body, ...bytes32(crc32(Uint8Array.from(body)))];
}

function rows({ width, height, depth, type, samples, interlaced }: PngRecipe): number[] {
  const out: number[] = [];
  for (const [x0, y0, dx, dy] of interlaced ? ADAM7 : [[0, 0, 1, 1]]) {
    if (x0 >= width) continue;
    for (let y = y0; y < height; y += dy) {
      let bits = '';
      for (let x = x0; x < width; x += dx) {
        for (let c = 0; c < CHANNELS[type]; c++) {
          bits += samples[(y * width + x) * CHANNELS[type] + c].toString(2).padStart(depth, '0');
        }
      }
      out.push(0);
      for (let i = 0; i < bits.length; i += 8) out.push(Number.parseInt(bits.slice(i, i + 8).padEnd(8, '0'), 2));
    }
  }
  return out;
}

function stored(data: readonly number[]): number[] {
  const out = [0x78, 0x01];
  for (let at = 0; at === 0 || at < data.length; at += 0xffff) {
    const part = data.slice(at, at + 0xffff);
    const [low, high] = [part.length & 255, part.length >> 8];
    out.push(Number(at + 0xffff >= data.length), low, high, low ^ 255, high ^ 255, ...part);
  }
  return [...out, 0, 0, 0, 0];
}

function bytes32(value: number): number[] {
  return [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
}

let crcTable: Uint32Array | undefined;

/** CRC-32 of ISO 3309, as in PNG and gzip. */
function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
    return c;
  });
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = crcTable[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return ~crc >>> 0;
}
