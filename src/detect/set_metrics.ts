import { allSteps, type Steps } from '../base/steps.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import { dice } from '../metrics/dice.ts';
import { betterInSteps, type IntensityMetrics, inBetterDirection } from '../metrics/intensity_baseline.ts';
import { rankPixelsInSteps, type ScoredMap, type ScoredMaps } from '../metrics/ranking.ts';
import {
  imageMetrics,
  type PixelMetrics,
  pixelMetricsInSteps,
  type RankingMetrics,
  rankingMetrics,
} from '../metrics/summary.ts';
import { type Sampling, samplingOf } from './sampling.ts';
import type { ScoredImage, ScoredSet } from './scoring.ts';

/** A threshold and where it comes from. */
export interface Threshold {
  /** Scores at or above it are predicted abnormal. */
  readonly value: number;
  /** The largest F1 on the images that it was chosen on. */
  readonly f1: number;
  /** `valid`: images of the validation split outside of the support set; `support`: the support set, left out one by one. */
  readonly from: 'valid' | 'support';
}

/**
 * A threshold as it is shown, everywhere: the shortest decimal number that is the chosen one as float32, which scores are. It is
 * not rounded further: typed in again it calls the same images abnormal.
 */
export function thresholdText(value: number): string {
  for (let digits = 1; digits < 17; digits++) {
    const short = Number(value.toPrecision(digits));
    if (short === value || Math.fround(short) === value) return String(short);
  }
  return String(value);
}

/** Thresholds of the image score and, in sets with masks, of the map. */
export interface Thresholds {
  readonly image: Threshold | null;
  readonly pixel: Threshold | null;
}

/** What the image threshold does to a test set. */
export interface ImageDecisions {
  readonly f1: number;
  readonly accuracy: number;
  readonly sensitivity: number;
  readonly specificity: number;
}

/** What the pixel threshold does to a test set. */
export interface PixelDecisions {
  /** Over all pixels of the set together. */
  readonly dice: number;
  /** Mean over the abnormal images. */
  readonly diceMean: number;
}

/** Metrics inside the picture's content: pixels that are not black. */
export type ForegroundMetrics = Omit<RankingMetrics, 'f1Threshold'>;

/** How well scores separate normal from abnormal. Undefined metrics are NaN, which JSON shows as null. */
export interface SetMetrics {
  readonly images: { readonly normal: number; readonly abnormal: number };
  readonly image: RankingMetrics;
  /** Null for image-level sets. */
  readonly pixel: PixelMetrics | null;
  /** The same over pixels that are not black, where the images have any black ones. */
  readonly foreground: ForegroundMetrics | null;
  readonly imageThreshold: (Threshold & ImageDecisions) | null;
  readonly pixelThreshold: (Threshold & PixelDecisions) | null;
  /** How sure the metrics of images are, and what they are by patient; null where a class is absent. */
  readonly sampling: Sampling | null;
}

/** Whom images are drawn by for intervals. */
export interface SamplingRequest {
  /** The patient of an image by its id, or null where that is not known; null: images are drawn one by one. */
  readonly patientOf: ((id: string) => string | null) | null;
  readonly seed: number;
}

/** Evaluates the scores of labelled images. */
export function evaluateScores(
  set: ScoredSet,
  kind: DatasetKind,
  thresholds: Thresholds,
  sampling?: SamplingRequest,
): SetMetrics {
  return allSteps(scoresInSteps(set, kind, thresholds, sampling));
}

/** {@link evaluateScores} in steps of an image. */
export function* scoresInSteps(
  { size, images }: ScoredSet,
  kind: DatasetKind,
  thresholds: Thresholds,
  { patientOf, seed }: SamplingRequest = { patientOf: null, seed: 0 },
): Steps<SetMetrics> {
  const labels = images.map(({ label }) => label ?? 0);
  const scores = images.map(({ score }) => score);
  const maps = images.map((image) => scoredMap(image, size));
  const abnormal = labels.filter((label) => label === 1).length;
  const { image, pixel } = thresholds;
  return {
    images: { normal: labels.length - abnormal, abnormal },
    image: imageMetrics(labels, scores),
    pixel: kind === 'pixel' ? yield* pixelMetricsInSteps(maps) : null,
    foreground: kind === 'pixel' ? yield* foreground(images, (i) => images[i].map) : null,
    imageThreshold: image && { ...image, ...decideImages(labels, scores, image.value) },
    pixelThreshold: kind === 'pixel' && pixel ? { ...pixel, ...(yield* decidePixels(maps, pixel.value)) } : null,
    sampling: yield* samplingOf(
      images.map(({ id, score }, i) => ({ id, score, label: labels[i] })),
      patientOf,
      image?.value ?? null,
      seed,
    ),
  };
}

/** Evaluates brightness, in the better direction, on the images of a set that was read with {@link sampleBatches}, in steps of an image. */
export function* intensityInSteps({ size, images }: ScoredSet, kind: DatasetKind): Steps<IntensityMetrics | null> {
  if (images.some(({ trivial }) => trivial === null)) return null;
  const labels = images.map(({ label }) => label ?? 0);
  const of = (key: 'mean' | 'std' | 'p995') =>
    inBetterDirection((sign) =>
      imageMetrics(
        labels,
        images.map(({ trivial }) => sign * trivial![key]),
      ),
    );
  const grey = (sign: number) => {
    const shares = Float32Array.from({ length: 256 }, (_, value) => (sign * value) / 255);
    return (i: number) => {
      const { grey: values } = images[i];
      const map = new Float32Array(values!.length);
      for (let at = 0; at < map.length; at++) map[at] = shares[values![at]];
      return map;
    };
  };
  // Made anew at every pass: as float32 the grey values of a large set would take as much memory as its maps.
  const maps = (sign: number): ScoredMaps => ({
    *[Symbol.iterator]() {
      const map = grey(sign);
      for (const [i, image] of images.entries()) yield { ...scoredMap(image, size), map: map(i) };
    },
  });
  const hasContent = kind === 'pixel' && hasBlack(images);
  return {
    mean: of('mean'),
    std: of('std'),
    p995: of('p995'),
    map: kind === 'pixel' ? yield* betterInSteps((sign) => pixelMetricsInSteps(maps(sign))) : null,
    mapForeground: hasContent ? yield* betterInSteps((sign) => insideOf(images, grey(sign))) : null,
  };
}

/** The thresholds of largest F1 on some labelled images; null where a class is absent. */
export function chooseThresholds(set: ScoredSet, kind: DatasetKind, from: Threshold['from']): Thresholds {
  return allSteps(thresholdsInSteps(set, kind, from));
}

/** {@link chooseThresholds} in steps of an image. */
export function* thresholdsInSteps(
  { size, images }: ScoredSet,
  kind: DatasetKind,
  from: Threshold['from'],
): Steps<Thresholds> {
  const labels = images.map(({ label }) => label ?? 0);
  const choose = ({ positives, negatives, f1Max, f1Threshold }: RankingMetrics): Threshold | null =>
    positives > 0 && negatives > 0 ? { value: f1Threshold, f1: f1Max, from } : null;
  const scores = images.map(({ score }) => score);
  const maps = images.map((image) => scoredMap(image, size));
  return {
    image: choose(imageMetrics(labels, scores)),
    pixel: kind === 'pixel' ? choose(yield* rankingMetrics(yield* rankPixelsInSteps(maps))) : null,
  };
}

/** Whether both classes are among the images. */
export function hasBothClasses(items: readonly { readonly label: 0 | 1 | null }[]): boolean {
  return items.some(({ label }) => label === 0) && items.some(({ label }) => label === 1);
}

function scoredMap({ map, mask }: ScoredImage, size: number): ScoredMap {
  return { width: size, height: size, map, mask };
}

/** Whether the grey values are there and some pixel is black. */
function hasBlack(images: readonly ScoredImage[]): boolean {
  return images.every(({ grey }) => grey !== null) && images.some(({ grey }) => grey!.includes(0));
}

/** Ranking metrics over the pixels that are not black; null when no image has a black pixel. */
function* foreground(
  images: readonly ScoredImage[],
  map: (i: number) => Float32Array,
): Steps<ForegroundMetrics | null> {
  return hasBlack(images) ? yield* insideOf(images, map) : null;
}

/** Ranking metrics over the pixels that are not black. */
function* insideOf(images: readonly ScoredImage[], map: (i: number) => Float32Array): Steps<ForegroundMetrics> {
  const maps: ScoredMaps = {
    *[Symbol.iterator]() {
      for (const [i, { grey, mask }] of images.entries()) {
        const values = map(i);
        const kept = new Float32Array(values.length);
        const lesion = mask && new Uint8Array(values.length);
        let width = 0;
        for (let at = 0; at < values.length; at++) {
          if (grey![at] === 0) continue;
          if (lesion) lesion[width] = mask[at];
          kept[width++] = values[at];
        }
        yield { width, height: 1, map: kept.subarray(0, width), mask: lesion?.subarray(0, width) ?? null };
      }
    },
  };
  const { f1Threshold: _, ...metrics } = yield* rankingMetrics(yield* rankPixelsInSteps(maps));
  return metrics;
}

function decideImages(labels: readonly number[], scores: readonly number[], threshold: number): ImageDecisions {
  const count = (label: number, predicted: boolean) =>
    labels.filter((l, i) => l === label && scores[i] >= threshold === predicted).length;
  const [hit, missed, falseAlarm, passed] = [count(1, true), count(1, false), count(0, true), count(0, false)];
  return {
    f1: (2 * hit) / (2 * hit + missed + falseAlarm),
    accuracy: (hit + passed) / labels.length,
    sensitivity: hit / (hit + missed),
    specificity: passed / (passed + falseAlarm),
  };
}

function* decidePixels(maps: readonly ScoredMap[], threshold: number): Steps<PixelDecisions> {
  let both = 0;
  let total = 0;
  const each: number[] = [];
  for (const { map, mask } of maps) {
    const predicted = new Uint8Array(map.length);
    const lesion = mask ?? new Uint8Array(map.length);
    for (let i = 0; i < predicted.length; i++) {
      predicted[i] = map[i] >= threshold ? 1 : 0;
      both += predicted[i] & lesion[i];
      total += predicted[i] + lesion[i];
    }
    if (lesion.includes(1)) each.push(dice(predicted, lesion));
    yield;
  }
  return {
    dice: total === 0 ? 1 : (2 * both) / total,
    diceMean: each.reduce((a, b) => a + b, 0) / each.length,
  };
}
