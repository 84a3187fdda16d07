import { log } from '../base/elementary.ts';
import { type Image, toGrey } from '../data/image.ts';

/** What can be said of an image without a model: the quantities that a shift alarm names. */
export const IMAGE_FACTS = ['brightness', 'contrast', 'sharpness', 'noise', 'size', 'shape'] as const;

/** One of {@link IMAGE_FACTS}. */
export type ImageFact = (typeof IMAGE_FACTS)[number];

/** What batches of images are compared by. */
export interface ImageFacts {
  /** In the order of {@link IMAGE_FACTS}; whole arithmetic of the CPU, so the same bytes give the same numbers everywhere. */
  readonly facts: readonly number[];
  /** What the vision tower says of the image as a whole, at a mean square of 1; empty where nobody asked it. */
  readonly features: readonly number[];
  /** Maker and model of the scanner; null where the file does not say. */
  readonly scanner: string | null;
}

/**
 * The facts of an image in its own size.
 *
 * * brightness: mean grey value on [0, 1]; contrast: its standard deviation
 * * sharpness: mean difference of neighbours two apart, by the contrast; blurred images have less
 * * noise: Immerkær's estimate (Computer Vision and Image Understanding 64(2), 1996), which edges hardly move
 * * size: logarithm of the geometric mean of the sides; shape: logarithm of width by height
 */
export function imageFacts(image: Image, features: readonly number[] = [], scanner: string | null = null): ImageFacts {
  const { data, width, height } = toGrey(image);
  let [sum, squares] = [0, 0];
  for (const value of data) {
    sum += value;
    squares += value * value;
  }
  const pixels = data.length;
  const mean = sum / pixels;
  const contrast = Math.sqrt(Math.max(0, squares / pixels - mean * mean)) / 255;
  const { difference, residue } = neighbours(data, width, height);
  const sharpness = contrast === 0 ? 0 : difference / 255 / contrast;
  const size = log(width * height) / 2;
  return {
    facts: [mean / 255, contrast, sharpness, residue / 255, size, log(width / height)].map(short),
    features,
    scanner,
  };
}

/** Five places: more would say nothing of an image, and fill the files that keep them. */
function short(value: number): number {
  return Number(value.toFixed(5));
}

/** Mean difference of pixels two apart, and the mean residue of noise behind the second differences in both directions. */
function neighbours(data: Uint8Array, width: number, height: number): { difference: number; residue: number } {
  if (width < 3 || height < 3) return { difference: 0, residue: 0 };
  let [difference, residue] = [0, 0];
  for (let y = 1; y + 1 < height; y++) {
    for (let x = 1; x + 1 < width; x++) {
      const at = y * width + x;
      const [up, down] = [at - width, at + width];
      difference += Math.abs(data[at + 1] - data[at - 1]) + Math.abs(data[down] - data[up]);
      const corners = data[up - 1] + data[up + 1] + data[down - 1] + data[down + 1];
      const sides = data[up] + data[down] + data[at - 1] + data[at + 1];
      residue += Math.abs(corners - 2 * sides + 4 * data[at]);
    }
  }
  const inner = (width - 2) * (height - 2);
  return { difference: difference / (2 * inner), residue: (Math.sqrt(Math.PI / 2) * residue) / (6 * inner) };
}
