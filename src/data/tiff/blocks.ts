import { UnreadPicture } from '../unread.ts';
import { type Page, TAG } from './directory.ts';
import { readLine, type Samples } from './samples.ts';
import { hasPredictor, unpack } from './unpack.ts';

/** How a picture lies in its file. */
export interface Stored {
  readonly page: Page;
  readonly width: number;
  readonly height: number;
  /** Numbers a pixel has. */
  readonly channels: number;
  readonly samples: Omit<Samples, 'predictor'>;
}

/** Pixels of a tile at most. */
const MOST = 1e8;

/** Where pieces of a picture lie: strips are tiles as wide as the picture. */
interface Grid {
  readonly wide: number;
  readonly high: number;
  readonly offsets: readonly number[];
  readonly counts: readonly number[];
  readonly tiled: boolean;
}

/**
 * Gives each number of a picture to `put`, at `(y * width + x) * channels + channel`. Throws an `Error` where the file is
 * damaged, `UnreadPicture` where it is packed in a way that is not read.
 */
export function readBlocks(bytes: Uint8Array, stored: Stored, put: (at: number, value: number) => void): void {
  const { page, width, height, channels, samples } = stored;
  const compression = page.one(TAG.compression, 1);
  const predictor = hasPredictor(compression) ? page.one(TAG.predictor, 1) : 1;
  requirePredictor(predictor, samples);
  const { wide, high, offsets, counts, tiled } = gridOf(stored);
  const apart = channels > 1 && page.one(TAG.planar, 1) === 2;
  const stride = apart ? 1 : channels;
  const lineBytes = Math.ceil((wide * stride * samples.bits) / 8);
  const across = Math.ceil(width / wide);
  const down = Math.ceil(height / high);
  const blocks = across * down * (apart ? channels : 1);
  if (offsets.length < blocks || (compression !== 1 && counts.length < blocks))
    throw new Error('it does not say where all of its picture lies');
  const reversed = page.one(TAG.fillOrder, 1) === 2;
  const line = new Float64Array(wide * stride);
  for (let block = 0; block < blocks; block++) {
    const plane = Math.floor(block / (across * down));
    const left = (block % across) * wide;
    const top = (Math.floor(block / across) % down) * high;
    const rows = tiled ? high : Math.min(high, height - top);
    const size = lineBytes * rows;
    const count = compression === 1 ? size : counts[block];
    const packed = bytes.slice(offsets[block], offsets[block] + count);
    if (packed.length < count) throw new Error('the file is truncated');
    if (reversed) for (let i = 0; i < packed.length; i++) packed[i] = mirrored(packed[i]);
    const unpacked = unpack(packed, compression, size);
    if (unpacked.length < size) throw new Error('a part of its picture is missing');
    for (let y = 0; y < Math.min(rows, height - top); y++) {
      readLine(unpacked.subarray(y * lineBytes, (y + 1) * lineBytes), { ...samples, predictor }, stride, line);
      const shown = Math.min(wide, width - left) * stride;
      const start = ((top + y) * width + left) * channels + plane;
      for (let i = 0; i < shown; i++) put(start + (apart ? i * channels : i), line[i]);
    }
  }
}

function gridOf({ page, width, height }: Stored): Grid {
  const tileWidth = page.one(TAG.tileWidth, 0);
  const tiled = tileWidth > 0;
  const high = tiled ? page.one(TAG.tileHeight, 0) : Math.min(page.one(TAG.rowsPerStrip, height), height);
  if (high === 0 || tileWidth * high > MOST) throw new Error('the parts of its picture have no size');
  return {
    wide: tiled ? tileWidth : width,
    high,
    offsets: page.all(tiled ? TAG.tileOffsets : TAG.stripOffsets),
    counts: page.all(tiled ? TAG.tileBytes : TAG.stripBytes),
    tiled,
  };
}

function requirePredictor(predictor: number, { bits, format }: Stored['samples']): void {
  if (predictor === 1) return;
  const fits = predictor === 2 ? format !== 3 && [8, 16, 32].includes(bits) : predictor === 3 && format === 3;
  if (!fits) throw new UnreadPicture(`its values are stored as differences of kind ${predictor}, of ${bits} bits`);
}

/** A byte with its bits in the other order. */
function mirrored(byte: number): number {
  let out = 0;
  for (let bit = 0; bit < 8; bit++) out |= ((byte >> bit) & 1) << (7 - bit);
  return out;
}
