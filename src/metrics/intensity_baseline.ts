/**
 * What brightness alone reaches, to be shown beside every result. It has no sign of its own: grey values that are lower in
 * abnormal images tell as much as higher ones. So each baseline has the better of both directions, chosen by its AUROC on the
 * very images that it is evaluated on: the most that a reader could have had without a model, and never below 0.5. This file alone
 * decides that; whoever shows a baseline takes its rows from here.
 */
import { allSteps, type Steps } from '../base/steps.ts';
import type { PixelMetrics, RankingMetrics } from './summary.ts';

/** Metrics in the better direction. */
export interface Directed {
  /** Whether abnormal ones have the lower values. Absent in results of old runs, which have the plain direction. */
  readonly reversed?: boolean;
}

/** What brightness alone reaches on some images. */
export interface IntensityMetrics {
  readonly mean: RankingMetrics & Directed;
  readonly std: RankingMetrics & Directed;
  readonly p995: RankingMetrics & Directed;
  /** The grey values as a map; null for image-level sets. */
  readonly map: (PixelMetrics & Directed) | null;
  /** The same inside the content of the pictures. */
  readonly mapForeground: (Omit<RankingMetrics, 'f1Threshold'> & Directed) | null;
}

/** One baseline, as every table shows it. */
export interface IntensityBaseline {
  readonly key: 'mean' | 'std' | 'p995' | 'map';
  readonly name: string;
  /** The name, and the direction where it is the reversed one: for a table of one set. */
  readonly title: string;
  readonly reversed: boolean;
  /** Null for the map. */
  readonly image: RankingMetrics | null;
  /** Null but for the map. */
  readonly pixel: PixelMetrics | null;
}

/** Names of the baselines in the order of tables. */
export const INTENSITY_NAMES = {
  mean: 'mean grey value',
  std: 'deviation of grey values',
  p995: '99.5th percentile of grey values',
  map: 'grey values as map',
} as const;

/**
 * Evaluates scores in the direction in which they tell more.
 * @param metricsOf metrics of the scores times a sign
 */
export function inBetterDirection<M extends { readonly auroc: number }>(
  metricsOf: (sign: 1 | -1) => M,
): M & { readonly reversed: boolean } {
  return allSteps(
    // biome-ignore lint/correctness/useYield: one step
    betterInSteps(function* (sign) {
      return metricsOf(sign);
    }),
  );
}

/** {@link inBetterDirection} for metrics that are found in steps. */
export function* betterInSteps<M extends { readonly auroc: number }>(
  metricsOf: (sign: 1 | -1) => Steps<M>,
): Steps<M & { readonly reversed: boolean }> {
  const plain = yield* metricsOf(1);
  return plain.auroc < 0.5 ? { ...(yield* metricsOf(-1)), reversed: true } : { ...plain, reversed: false };
}

/** The baselines of a set, images first; those that could not be evaluated are left out. */
export function intensityBaselines(trivial: IntensityMetrics | null): IntensityBaseline[] {
  if (!trivial) return [];
  return (['mean', 'std', 'p995', 'map'] as const).flatMap((key): IntensityBaseline[] => {
    const stored = trivial[key];
    if (!stored || !Number.isFinite(stored.auroc)) return [];
    const { reversed, ...metrics } = directed(stored);
    const name = INTENSITY_NAMES[key];
    const both = { key, name, title: reversed ? `${name}, low` : name, reversed };
    return [
      key === 'map'
        ? { ...both, image: null, pixel: metrics as PixelMetrics }
        : { ...both, image: metrics, pixel: null },
    ];
  });
}

/** The image baseline that tells most, or null. */
export function bestIntensity(
  trivial: IntensityMetrics | null,
): (IntensityBaseline & { image: RankingMetrics }) | null {
  let best: (IntensityBaseline & { image: RankingMetrics }) | null = null;
  for (const one of intensityBaselines(trivial)) {
    const { image } = one;
    if (image && !(best && best.image.auroc >= image.auroc)) best = { ...one, image };
  }
  return best;
}

/** The grey values as a map inside the content of the pictures, or null. */
export function intensityInside(
  trivial: IntensityMetrics | null,
): Pick<RankingMetrics, 'auroc' | 'averagePrecision'> | null {
  return trivial?.mapForeground ? directed(trivial.mapForeground) : null;
}

/** Results of old runs have the plain direction alone: of the other one the AUROC is known, and nothing else. */
function directed<M extends { readonly auroc: number } & Directed>(stored: M): M & { readonly reversed: boolean } {
  if (stored.reversed !== undefined || !(stored.auroc < 0.5)) return { ...stored, reversed: stored.reversed ?? false };
  const unknown = Object.fromEntries(Object.keys(stored).map((key) => [key, Number.NaN]));
  return { ...stored, ...unknown, auroc: 1 - stored.auroc, reversed: true };
}
