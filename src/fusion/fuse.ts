import { exp } from '../base/elementary.ts';
import { rangeOf } from '../data/heat_map.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import type { FusionOptions } from './options.ts';

/** Smallest and largest value that a map or a score is rescaled by. */
export type Range = readonly [low: number, high: number];

/** What the two branches say of some images: everything that the fusion needs, on the host. */
export interface BranchScores {
  /** Zero-shot maps Z [B, S, S]. */
  readonly zeroMap: Float32Array;
  /** Few-shot maps S [B, S, S]. */
  readonly fewMap: Float32Array;
  /** Patch means of Z before upsampling, one an image. */
  readonly zeroMean: Float32Array;
  /** Patch means of S before upsampling. */
  readonly fewMean: Float32Array;
  /** Largest value that Z can take: the weights of its maps together. */
  readonly zeroPeak: number;
  /** Probability of "abnormal" of the class token against the text, or null when it is not asked for. */
  readonly clsScore: Float32Array | null;
  /** The method's own image scores [B], which no map holds; `score.image auto` takes them. */
  readonly ownScore?: Float32Array<ArrayBuffer>;
}

/** Scores of a method that has one map and no second branch to fuse it with. */
export function oneBranch(map: Float32Array, mean: Float32Array, ownScore?: Float32Array<ArrayBuffer>): BranchScores {
  const fewMap = new Float32Array(map.length);
  return {
    zeroMap: map,
    fewMap,
    zeroMean: mean,
    fewMean: new Float32Array(mean.length),
    zeroPeak: 1,
    clsScore: null,
    ownScore,
  };
}

/** Ranges for the fusions that rescale; null for plain sums. */
export interface FusionRanges {
  readonly zeroMap: Range;
  readonly fewMap: Range;
  readonly zeroMean: Range;
  readonly fewMean: Range;
}

/** Fused maps [B, S, S] and image scores [B]. */
export interface FusedScores {
  readonly map: Float32Array<ArrayBuffer>;
  readonly scoreMax: Float32Array<ArrayBuffer>;
  readonly scoreMean: Float32Array<ArrayBuffer>;
  readonly score: Float32Array<ArrayBuffer>;
}

/** Ranges over all images of a test set (`fuse mvfa`) or of the support set (`fuse calib`). */
export function rangesOf(scores: BranchScores): FusionRanges {
  return {
    zeroMap: rangeOf(scores.zeroMap),
    fewMap: rangeOf(scores.fewMap),
    zeroMean: rangeOf(scores.zeroMean),
    fewMean: rangeOf(scores.fewMean),
  };
}

/**
 * Fusion of both branches. Without ranges Z + S (`fuse mean`: half of it); with them ½·minmax(Z) + ½·minmax(S), where a
 * range of no extent gives 0. The image score is the method's own, the largest value of the map, the mean over the
 * patches, or the mean of the R largest values; `score.cls` adds the class token's probability.
 */
export function fuseScores(
  scores: BranchScores,
  ranges: FusionRanges | null,
  options: FusionOptions,
  kind: DatasetKind,
): FusedScores {
  const { zeroMap, fewMap, zeroMean, fewMean, zeroPeak, clsScore } = scores;
  const images = zeroMean.length;
  const share = options.fuse === 'mean' ? 0.5 : 1;
  const map = combine(zeroMap, fewMap, share, ranges && [ranges.zeroMap, ranges.fewMap]);
  const scoreMean = combine(zeroMean, fewMean, share, ranges && [ranges.zeroMean, ranges.fewMean]);
  const pixels = map.length / images;
  const perImage = (of: (part: Float32Array) => number) =>
    Float32Array.from({ length: images }, (_, i) => of(map.subarray(i * pixels, (i + 1) * pixels)));
  const scoreMax = perImage((part) => part.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
  const { ownScore } = scores;
  const how = options['score.image'] === 'auto' ? (kind === 'pixel' ? 'max' : 'mean') : options['score.image'];
  let score = ownScore && options['score.image'] === 'auto' ? ownScore : how === 'max' ? scoreMax : scoreMean;
  if (how.startsWith('topk:')) {
    const count = Number(how.slice('topk:'.length));
    score = perImage((part) => meanOfLargest(part, count));
  }
  if (options['score.cls'] === 'april' && clsScore) score = withClassScore(score, clsScore);
  const weight = clsWeight(options, share * zeroPeak, ranges);
  if (weight > 0 && clsScore) score = score.map((value, i) => value + weight * clsScore[i]);
  return { map, scoreMax, scoreMean, score };
}

/** Weight of the class token's probability in an image score in which Z counts up to `peak`, or up to ½ with ranges. */
function clsWeight(options: FusionOptions, peak: number, ranges: FusionRanges | null): number {
  if (options['score.cls'] === 'add') return 1;
  if (options['score.cls'] === 'equal') return ranges ? 0.5 : peak;
  return 0;
}

/** APRIL-GAN's image score: half the class token's probability, half the score rescaled by the extremes of the set. */
export function withClassScore(score: Float32Array, clsScore: Float32Array): Float32Array<ArrayBuffer> {
  const [low, high] = rangeOf(score);
  return Float32Array.from(score, (s, i) => 0.5 * (clsScore[i] + rescale(s, low, high)));
}

function combine(
  zero: Float32Array,
  few: Float32Array,
  share: number,
  ranges: readonly [Range, Range] | null,
): Float32Array<ArrayBuffer> {
  // Not `from`: it goes through an iterator, many times as slow.
  if (!ranges) return zero.map((z, i) => share * (z + few[i]));
  const [[zeroLow, zeroHigh], [fewLow, fewHigh]] = ranges;
  return zero.map((z, i) => 0.5 * rescale(z, zeroLow, zeroHigh) + 0.5 * rescale(few[i], fewLow, fewHigh));
}

function rescale(value: number, low: number, high: number): number {
  return high > low ? (value - low) / (high - low) : 0;
}

function meanOfLargest(values: Float32Array, count: number): number {
  const top = values.slice().sort().subarray(-count);
  return top.reduce((a, b) => a + b, 0) / top.length;
}

/** Gaussian blur of maps [B, S, S] with standard deviation `sigma` in pixels, edges reflected; separable, in float64. */
export function blurMaps(maps: Float32Array<ArrayBuffer>, size: number, sigma: number): Float32Array<ArrayBuffer> {
  if (sigma === 0) return maps;
  const radius = Math.ceil(4 * sigma);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) => exp(-0.5 * ((i - radius) / sigma) ** 2));
  const total = kernel.reduce((a, b) => a + b, 0);
  const reflect = (i: number) => {
    const period = 2 * size;
    const j = ((i % period) + period) % period;
    return j < size ? j : period - 1 - j;
  };
  const out = maps.slice();
  for (let start = 0; start < maps.length; start += size * size) {
    const rows = new Float64Array(size * size);
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) sum += kernel[k + radius] * maps[start + y * size + reflect(x + k)];
        rows[y * size + x] = sum / total;
      }
    }
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        let sum = 0;
        for (let k = -radius; k <= radius; k++) sum += kernel[k + radius] * rows[reflect(y + k) * size + x];
        out[start + y * size + x] = sum / total;
      }
    }
  }
  return out;
}
