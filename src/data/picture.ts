import { ruleStream } from '../base/rule.ts';
import type { Image } from './image.ts';

/** Parameters of one soft disc: centre and radius in pixels. */
interface Disc {
  readonly cx: number;
  readonly cy: number;
  readonly radius: number;
}

/**
 * A synthetic picture with lesions and their mask (0 or 255), the same bytes for the same arguments everywhere.
 *
 * A linear ramp per channel, six soft background blobs, noise of four bits, then `lesions` (at most 20) steeper blobs
 * that are also drawn into the mask. Integer arithmetic only; divisions round down. The parameters are the first 256
 * numbers of the stream (`name`, `seed`), the noise the numbers after them.
 */
export function rulePicture(
  name: string,
  seed: number,
  width: number,
  height: number,
  channels: 1 | 3 | 4,
  lesions: number,
): { image: Image; mask: Image } {
  const stream = ruleStream(name, seed);
  const parameters = Array.from({ length: 256 }, (_, i) => stream(i));
  const shorter = Math.min(width, height);
  const values = new Int32Array(width * height * channels);
  for (let c = 0; c < channels; c++) {
    const [base, right, down] = parameters.slice(8 * c, 8 * c + 3);
    for (let y = 0, at = c; y < height; y++) {
      const row = 60 + (base % 100) + Math.floor((((down % 161) - 80) * y) / height);
      for (let x = 0; x < width; x++, at += channels) values[at] = row + Math.floor((((right % 161) - 80) * x) / width);
    }
  }

  /** The disc of parameter group `q`, its radius `least … least + spread - 1` percent of the shorter side. */
  const disc = (q: readonly number[], least: number, spread: number): Disc => ({
    cx: q[0] % width,
    cy: q[1] % height,
    radius: Math.max(2, Math.floor((shorter * (least + (q[2] % spread))) / 100)),
  });

  for (let k = 0; k < 6; k++) {
    const q = parameters.slice(32 + 8 * k, 40 + 8 * k);
    forDisc(disc(q, 10, 30), width, height, (pixel, weight) => {
      for (let c = 0; c < channels; c++)
        values[pixel * channels + c] += Math.floor((((q[3 + c] % 121) - 60) * weight) / 256);
    });
  }
  for (let i = 0; i < values.length; i++) values[i] += (stream(256 + i) >>> 28) - 8;

  const mask = new Uint8Array(width * height);
  for (let k = 0; k < lesions; k++) {
    const q = parameters.slice(96 + 8 * k, 104 + 8 * k);
    const sign = q[3] % 2 === 1 ? 1 : -1;
    forDisc(disc(q, 8, 14), width, height, (pixel, weight) => {
      const steep = Math.min(256, 2 * weight);
      for (let c = 0; c < channels; c++) {
        values[pixel * channels + c] += Math.floor((sign * (60 + (q[4 + c] % 90)) * steep) / 256);
      }
      mask[pixel] = 255;
    });
  }
  const data = Uint8Array.from(new Uint8ClampedArray(values));
  return { image: { width, height, channels, data }, mask: { width, height, channels: 1, data: mask } };
}

/** Visits the pixels inside a disc with a weight that falls from 256 at the centre to 0 at the rim. */
function forDisc(disc: Disc, width: number, height: number, visit: (pixel: number, weight: number) => void): void {
  const { cx, cy, radius } = disc;
  const square = radius * radius;
  for (let y = Math.max(0, cy - radius); y < Math.min(height, cy + radius); y++) {
    for (let x = Math.max(0, cx - radius); x < Math.min(width, cx + radius); x++) {
      const distance = (x - cx) ** 2 + (y - cy) ** 2;
      if (distance < square) visit(y * width + x, Math.floor((256 * (square - distance)) / square));
    }
  }
}
