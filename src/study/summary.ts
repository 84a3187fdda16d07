import { INTENSITY_NAMES, type IntensityBaseline, intensityBaselines } from '../metrics/intensity_baseline.ts';
import type { FinishedStudyRun } from './study_run.ts';

/** Mean and spread of a metric over seeds. */
export interface Spread {
  readonly mean: number;
  /** Sample standard deviation; 0 for one value. */
  readonly std: number;
  readonly count: number;
}

/** One line of a table: a method, or a trivial baseline, on one set. */
export interface SummaryRow {
  readonly method: string;
  readonly set: string;
  readonly imageAuroc: Spread;
  /** Null for sets without masks. */
  readonly pixelAuroc: Spread | null;
  readonly aupro: Spread | null;
}

/** Mean and sample standard deviation. */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / count;
  const square = values.reduce((a, b) => a + (b - mean) ** 2, 0);
  return { mean, std: count > 1 ? Math.sqrt(square / (count - 1)) : 0, count };
}

/** Rows of every set and method, in the order in which they first appear; seeds are put together. */
export function summarise(finished: readonly FinishedStudyRun[]): SummaryRow[] {
  const groups = new Map<string, FinishedStudyRun[]>();
  for (const one of finished) {
    const key = JSON.stringify([one.run.set, one.run.method]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const selected = group.map(({ results }) => results.selected);
    const pixels = selected.map(({ pixel }) => pixel);
    const over = (metric: 'auroc' | 'aupro') =>
      pixels.includes(null) ? null : spreadOf(pixels.map((pixel) => pixel![metric]));
    return {
      method: group[0].run.method,
      set: group[0].run.set,
      imageAuroc: spreadOf(selected.map(({ image }) => image.auroc)),
      pixelAuroc: over('auroc'),
      aupro: over('aupro'),
    };
  });
}

/**
 * What brightness alone reaches on the test images of each set, in the better direction of each seed: the baselines of
 * `method`'s runs, a row for each; the grey values as a map stand with the percentile.
 */
export function summariseIntensity(finished: readonly FinishedStudyRun[], method: string): SummaryRow[] {
  const own = finished.filter(({ run, results }) => run.method === method && results.trivial);
  const sets = [...new Set(own.map(({ run }) => run.set))];
  return sets.flatMap((set) => {
    const all = own.filter(({ run }) => run.set === set).flatMap(({ results }) => intensityBaselines(results.trivial));
    const of = (wanted: IntensityBaseline['key']) => all.filter(({ key }) => key === wanted);
    return (['mean', 'std', 'p995'] as const).map((score): SummaryRow => {
      const maps = score === 'p995' ? of('map') : [];
      return {
        method: INTENSITY_NAMES[score],
        set,
        imageAuroc: spreadOf(of(score).map(({ image }) => image!.auroc)),
        pixelAuroc: maps.length > 0 ? spreadOf(maps.map(({ pixel }) => pixel!.auroc)) : null,
        aupro: maps.length > 0 ? spreadOf(maps.map(({ pixel }) => pixel!.aupro)) : null,
      };
    });
  });
}

/** Mean over sets of the means over seeds; NaN when no row has the metric. */
export function meanOver(rows: readonly SummaryRow[], metric: 'imageAuroc' | 'pixelAuroc' | 'aupro'): number {
  const values = rows.flatMap((row) => row[metric]?.mean ?? []);
  return values.reduce((a, b) => a + b, 0) / values.length;
}
