/**
 * Baselines that look at nothing but brightness, to be printed beside every result. On FLAIR slices they are strong:
 * a pixel AUROC of 0.99 without any model. A result means something only in comparison with them.
 */
import { type Image, toGrey } from '../data/image.ts';
import { resizeImage } from '../data/resize.ts';

/** Image scores from the grey values on [0, 1]. */
export interface IntensityScores {
  readonly mean: number;
  /** Standard deviation over all pixels. */
  readonly std: number;
  /** 99.5th percentile, interpolated linearly between order statistics as NumPy does. */
  readonly p995: number;
}

/** The trivial image scores of a picture. */
export function intensityScores(image: Image): IntensityScores {
  const { data } = toGrey(image);
  const counts = new Float64Array(256);
  for (let i = 0; i < data.length; i++) counts[data[i]]++;
  const mean = counts.reduce((sum, count, value) => sum + count * value, 0) / data.length;
  const variance = counts.reduce((sum, count, value) => sum + count * (value - mean) ** 2, 0) / data.length;
  const position = 0.995 * (data.length - 1);
  const [below, above] = [orderStatistic(counts, Math.floor(position)), orderStatistic(counts, Math.ceil(position))];
  const p995 = below + (above - below) * (position % 1);
  return { mean: mean / 255, std: Math.sqrt(variance) / 255, p995: p995 / 255 };
}

/** The trivial map: the grey values on [0, 1], squashed bicubically to [size, size] as an image for the model is. */
export function intensityMap(image: Image, size: number): Float32Array<ArrayBuffer> {
  return new Float32Array(resizeImage(toGrey(image), size, size).data).map((value) => value / 255);
}

/** The value at `rank` (from 0) among the counted values in ascending order. */
function orderStatistic(counts: Float64Array, rank: number): number {
  let seen = 0;
  for (let value = 0; value < counts.length; value++) {
    seen += counts[value];
    if (rank < seen) return value;
  }
  return counts.length - 1;
}
