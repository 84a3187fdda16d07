/**
 * The colours of a JPEG as libjpeg makes them from luma and subsampled chroma, so that colour pictures come out within
 * a few levels of Pillow's. `jpeg-js` repeats chroma samples and cuts fractions off, which moves colours at edges by up
 * to a hundred levels.
 */

/** The three planes of a picture, interleaved; chroma samples are repeated where they are subsampled. */
export interface Ycc {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  /** Pixels per chroma sample along each axis: 1, or 2 to have them smoothed. */
  readonly across: number;
  readonly down: number;
}

/** RGB bytes of a YCbCr picture (ITU-R 601, full range): chroma smoothed as libjpeg does, then rounded conversion. */
export function yccToRgb(picture: Ycc): Uint8Array {
  const { data } = picture;
  const blue = smoothChroma(picture, 1);
  const red = smoothChroma(picture, 2);
  const out = new Uint8ClampedArray(data.length); // rounds and clips
  for (let i = 0, at = 0; at < out.length; i++, at += 3) {
    const y = data[at];
    const [cb, cr] = [blue[i] - 128, red[i] - 128];
    out[at] = y + 1.402 * cr;
    out[at + 1] = y - 0.344136286 * cb - 0.714136286 * cr;
    out[at + 2] = y + 1.772 * cb;
  }
  return new Uint8Array(out.buffer);
}

/**
 * One chroma plane at full size. Where two pixels share a sample, libjpeg takes 3/4 of the nearer and 1/4 of the next
 * sample; the rounding alternates so that it has no bias.
 */
function smoothChroma({ width, height, data, across, down }: Ycc, channel: 1 | 2): Uint8Array {
  const columns = Math.ceil(width / across);
  const rows = Math.ceil(height / down);
  const out = new Uint8Array(width * height);
  const smoothAcross = across === 2 && columns > 2;
  const smoothDown = down === 2 && (smoothAcross || across === 1);
  const near = (row: number, column: number) => data[(row * down * width + column * across) * 3 + channel];
  const line = new Int32Array(columns);
  for (let y = 0; y < height; y++) {
    const row = Math.floor(y / down);
    const other = Math.min(rows - 1, Math.max(0, row + (y % 2 === 0 ? -1 : 1)));
    for (let c = 0; c < columns; c++) line[c] = smoothDown ? 3 * near(row, c) + near(other, c) : near(row, c);
    const unit = smoothDown ? 4 : 1; // what a line value counts
    const [even, odd] = smoothDown ? [8, 7] : [1, 2];
    for (let x = 0; x < width; x++) {
      const c = Math.floor(x / across);
      if (!smoothAcross) {
        out[y * width + x] = smoothDown ? (line[c] + (y % 2 === 0 ? 1 : 2)) >> 2 : line[c];
        continue;
      }
      const next = line[Math.min(columns - 1, Math.max(0, c + (x % 2 === 0 ? -1 : 1)))];
      out[y * width + x] = Math.floor((3 * line[c] + next + (x % 2 === 0 ? even : odd)) / (4 * unit));
    }
  }
  return out;
}
