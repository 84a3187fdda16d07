import { formatOf } from '../decode.ts';
import type { Raster } from '../image.ts';
import { FULL_RANGE, sampleKind } from '../image.ts';
import { meanStep } from '../jpeg/tables.ts';

/** What a picture and its file have that says nothing of what is seen. */
export interface FileFacts {
  /** E.g. `JPEG`. */
  readonly format: string;
  /** How coarse a JPEG is: the mean step of its values; null of other formats. */
  readonly steps: number | null;
  readonly coloured: boolean;
  /**
   * What neighbouring pixels differ by, in squares, for that of the next but one, in the middle of the lines: 1 of noise, a quarter of what
   * is smooth; null of one value, and of the smallest.
   */
  readonly grain: number | null;
  /** How much redder than blue it is on the whole, as a share of the span of values; null of grey ones. */
  readonly warmth: number | null;
}

/** Share of the span of values by which colours differ that is one to see. */
const TINT = 0.04;

/** Share of the pixels that have such a colour. */
const SOME = 0.005;

/** What is to be known of the file of a picture. */
export function fileFacts(bytes: Uint8Array, name: string, raster: Raster): FileFacts {
  const format = formatOf(bytes, name);
  const coloured = isColoured(raster);
  return {
    format: format.toUpperCase(),
    steps: format === 'jpeg' ? meanStep(bytes) : null,
    coloured,
    grain: grainOf(raster),
    warmth: coloured ? warmthOf(raster) : null,
  };
}

/** Lines of which one is looked at. */
const LINES = 4;

/** In smaller pictures a lesion itself decides how sharp they are. */
const SMALLEST = 32;

function grainOf({ width, height, channels, data }: Raster): number | null {
  if (Math.min(width, height) < SMALLEST) return null;
  // A lesion, which may well be sharp or smooth, lies on a few lines.
  const grains: number[] = [];
  for (let y = 0; y < height; y += LINES) {
    let [near, far] = [0, 0];
    const end = ((y + 1) * width - 2) * channels;
    for (let i = y * width * channels; i < end; i += channels) {
      near += (data[i + channels] - data[i]) ** 2;
      far += (data[i + 2 * channels] - data[i]) ** 2;
    }
    if (far > 0) grains.push(near / far);
  }
  return grains.length > 0 ? grains.sort((a, b) => a - b)[grains.length >> 1] : null;
}

/** Pixels of which one is looked at. */
const EVERY = 16;

function warmthOf(raster: Raster): number {
  const { channels, data } = raster;
  const [low, high] = FULL_RANGE[sampleKind(raster)];
  let [sum, count] = [0, 0];
  for (let i = 0; i < data.length; i += EVERY * channels, count++) sum += data[i] - data[i + 2];
  return sum / count / (high - low);
}

function isColoured(raster: Raster): boolean {
  const { channels, data } = raster;
  if (channels === 1) return false;
  const [low, high] = FULL_RANGE[sampleKind(raster)];
  const least = TINT * (high - low);
  const enough = (SOME * data.length) / channels;
  let count = 0;
  for (let i = 0; i < data.length; i += channels) {
    const [r, g, b] = [data[i], data[i + 1], data[i + 2]];
    if (Math.max(r, g, b) - Math.min(r, g, b) > least && ++count > enough) return true;
  }
  return false;
}
