import type { Image } from './image.ts';
import { inflateZlib } from './inflate.ts';
import { type PngChunks, type PngHeader, readPngChunks } from './png_chunks.ts';

const SAMPLES = { grey: 1, rgb: 3, palette: 1, grey_alpha: 2, rgba: 4 } as const;

/** A grid of pixels that is stored as a picture of its own: the whole one, or one of Adam7's seven passes. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
}

const WHOLE: readonly Pass[] = [{ x: 0, y: 0, dx: 1, dy: 1 }];
const ADAM7: readonly Pass[] = [
  { x: 0, y: 0, dx: 8, dy: 8 },
  { x: 4, y: 0, dx: 8, dy: 8 },
  { x: 0, y: 4, dx: 4, dy: 8 },
  { x: 2, y: 0, dx: 4, dy: 4 },
  { x: 0, y: 2, dx: 2, dy: 4 },
  { x: 1, y: 0, dx: 2, dy: 2 },
  { x: 0, y: 1, dx: 1, dy: 2 },
];

/**
 * The picture of a PNG file as Pillow's `convert` sees it.
 *
 * * 1, 2 and 4 bits of grey are spread over 0…255; a palette becomes RGB and its transparency is dropped.
 * * Grey with alpha becomes RGBA with equal colours: resizing it and dropping alpha gives what Pillow's `LA` gives.
 * * 16 bits keep the high byte, as Pillow does for colour (its conversion of 16-bit grey would turn all above 255
 *   white). With `keepNonZero` a sample of 1…255 gives 1 instead of 0, so that the class codes of a 16-bit mask do not
 *   vanish.
 *
 * Throws an `Error` that says what is wrong; `maxPixels` is checked before anything is allocated.
 */
export function decodePng(bytes: Uint8Array, maxPixels: number, keepNonZero = false): Image {
  const chunks = readPngChunks(bytes);
  const { header } = chunks;
  if (header.width * header.height > maxPixels)
    throw new Error(`it is ${header.width}×${header.height} pixels, too many`);
  const bits = header.depth * SAMPLES[header.colour];
  const passes = (header.interlaced ? ADAM7 : WHOLE)
    .map((pass) => {
      const columns = Math.ceil((header.width - pass.x) / pass.dx);
      return {
        ...pass,
        columns,
        rows: Math.ceil((header.height - pass.y) / pass.dy),
        stride: Math.ceil((columns * bits) / 8),
      };
    })
    .filter((pass) => pass.columns > 0 && pass.rows > 0);
  const size = passes.reduce((sum, pass) => sum + pass.rows * (pass.stride + 1), 0);
  // Deflate cannot shrink more than 1032 times: a small file that claims a huge picture is caught before allocation.
  if (size > 1032 * chunks.stream.length) throw new Error('it holds fewer pixels than its header says');
  const raw = inflateZlib(chunks.stream, size);
  const channels = header.colour === 'grey' ? 1 : header.colour === 'rgb' || header.colour === 'palette' ? 3 : 4;
  const data = new Uint8Array(header.width * header.height * channels);
  const put = pixelWriter(chunks, data, channels, keepNonZero);
  const step = Math.max(1, bits >> 3);
  let at = 0;
  for (const pass of passes) {
    let previous: Uint8Array | null = null;
    for (let r = 0; r < pass.rows; r++, at += pass.stride + 1) {
      const row = raw.subarray(at + 1, at + 1 + pass.stride);
      unfilter(raw[at], row, previous, step);
      put(row, pass.columns, (pass.y + r * pass.dy) * header.width + pass.x, pass.dx);
      previous = row;
    }
  }
  return { width: header.width, height: header.height, channels, data };
}

/** Undoes one of the five row filters in place; `previous` is the unfiltered row above, null for the first. */
function unfilter(filter: number, row: Uint8Array, previous: Uint8Array | null, step: number): void {
  if (filter > 4) throw new Error(`it uses an unknown row filter ${filter}`);
  const n = row.length;
  if (filter === 1 || (filter === 4 && !previous)) {
    for (let i = step; i < n; i++) row[i] += row[i - step];
  } else if (filter === 2 && previous) {
    for (let i = 0; i < n; i++) row[i] += previous[i];
  } else if (filter === 3) {
    for (let i = 0; i < n; i++) row[i] += ((i < step ? 0 : row[i - step]) + (previous ? previous[i] : 0)) >> 1;
  } else if (filter === 4 && previous) {
    for (let i = 0; i < n && i < step; i++) row[i] += previous[i];
    for (let i = step; i < n; i++) {
      const left = row[i - step];
      const up = previous[i];
      const corner = previous[i - step];
      const toLeft = Math.abs(up - corner);
      const toUp = Math.abs(left - corner);
      const toCorner = Math.abs(left + up - 2 * corner);
      row[i] += toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner;
    }
  }
}

/** Writes `columns` pixels of one unfiltered row, the first at pixel `first`, each `stride` pixels further. */
type PixelWriter = (row: Uint8Array, columns: number, first: number, stride: number) => void;

function pixelWriter(
  { header, palette }: PngChunks,
  out: Uint8Array,
  channels: number,
  keepNonZero: boolean,
): PixelWriter {
  const sample = sampleReader(header, keepNonZero);
  const samples = SAMPLES[header.colour];
  if (header.colour === 'palette') {
    return (row, columns, first, stride) => {
      for (let i = 0; i < columns; i++) {
        const entry = sample(row, i) * 3;
        if (entry >= palette.length) throw new Error(`a pixel has colour ${entry / 3}, past the end of the palette`);
        const to = (first + i * stride) * 3;
        out[to] = palette[entry];
        out[to + 1] = palette[entry + 1];
        out[to + 2] = palette[entry + 2];
      }
    };
  }
  if (header.colour === 'grey_alpha') {
    return (row, columns, first, stride) => {
      for (let i = 0; i < columns; i++) {
        const to = (first + i * stride) * 4;
        out[to] = out[to + 1] = out[to + 2] = sample(row, 2 * i);
        out[to + 3] = sample(row, 2 * i + 1);
      }
    };
  }
  return (row, columns, first, stride) => {
    if (header.depth === 8 && stride === 1) {
      out.set(row, first * channels);
      return;
    }
    for (let i = 0; i < columns; i++) {
      const to = (first + i * stride) * channels;
      for (let c = 0; c < samples; c++) out[to + c] = sample(row, i * samples + c);
    }
  };
}

/** Sample `i` of a row as a byte: the palette index, or the intensity on 0…255. */
function sampleReader({ depth, colour }: PngHeader, keepNonZero: boolean): (row: Uint8Array, i: number) => number {
  if (depth === 8) return (row, i) => row[i];
  if (depth === 16) {
    return keepNonZero ? (row, i) => Math.max(row[2 * i], row[2 * i + 1] === 0 ? 0 : 1) : (row, i) => row[2 * i];
  }
  const mask = (1 << depth) - 1;
  const scale = colour === 'palette' ? 1 : 255 / mask;
  return (row, i) => ((row[(i * depth) >> 3] >> (8 - depth - ((i * depth) & 7))) & mask) * scale;
}
