import { formatOf } from '../decode.ts';
import type { Raster } from '../image.ts';
import { FULL_RANGE, sampleKind } from '../image.ts';
import { jpegTables } from '../jpeg/tables.ts';

/** What a picture and its file have that says nothing of what is seen. */
export interface FileFacts {
  /** E.g. `JPEG`. */
  readonly format: string;
  /** How coarse a JPEG is: the mean step of its values; null of other formats. */
  readonly steps: number | null;
  readonly coloured: boolean;
}

/** Share of the span of values by which colours differ that is one to see. */
const TINT = 0.04;

/** Share of the pixels that have such a colour. */
const SOME = 0.005;

/** What is to be known of the file of a picture. */
export function fileFacts(bytes: Uint8Array, name: string, raster: Raster): FileFacts {
  const format = formatOf(bytes, name);
  return {
    format: format.toUpperCase(),
    steps: format === 'jpeg' ? jpegTables(bytes) : null,
    coloured: isColoured(raster),
  };
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
