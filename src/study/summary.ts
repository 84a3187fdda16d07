import type { RankingMetrics } from '../metrics/summary.ts';
import type { FinishedCell } from './study_run.ts';

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
export function summarise(finished: readonly FinishedCell[]): SummaryRow[] {
  const groups = new Map<string, FinishedCell[]>();
  for (const one of finished) {
    const key = JSON.stringify([one.cell.set, one.cell.method]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((group) => {
    const selected = group.map(({ results }) => results.selected);
    const pixels = selected.map(({ pixel }) => pixel);
    const over = (metric: 'auroc' | 'aupro') =>
      pixels.includes(null) ? null : spreadOf(pixels.map((pixel) => pixel![metric]));
    return {
      method: group[0].cell.method,
      set: group[0].cell.set,
      imageAuroc: spreadOf(selected.map(({ image }) => image.auroc)),
      pixelAuroc: over('auroc'),
      aupro: over('aupro'),
    };
  });
}

const TRIVIAL = { mean: 'mean grey value', std: 'its deviation', p995: '99.5th percentile' } as const;

/**
 * What brightness alone reaches on the test images of each set: the trivial baselines of `method`'s cells, a row for each;
 * the grey values as a map stand with the percentile.
 */
export function summariseTrivial(finished: readonly FinishedCell[], method: string): SummaryRow[] {
  const own = finished.filter(({ cell, results }) => cell.method === method && results.trivial);
  const sets = [...new Set(own.map(({ cell }) => cell.set))];
  return sets.flatMap((set) => {
    const trivial = own.filter(({ cell }) => cell.set === set).map(({ results }) => results.trivial!);
    return (['mean', 'std', 'p995'] as const).map((score): SummaryRow => {
      const maps = score === 'p995' ? trivial.flatMap(({ map }) => (map ? [map] : [])) : [];
      return {
        method: TRIVIAL[score],
        set,
        imageAuroc: spreadOf(trivial.map((one) => (one[score] as RankingMetrics).auroc)),
        pixelAuroc: maps.length > 0 ? spreadOf(maps.map(({ auroc }) => auroc)) : null,
        aupro: maps.length > 0 ? spreadOf(maps.map(({ aupro }) => aupro)) : null,
      };
    });
  });
}

/** Mean over sets of the means over seeds; NaN when no row has the metric. */
export function meanOver(rows: readonly SummaryRow[], metric: 'imageAuroc' | 'pixelAuroc' | 'aupro'): number {
  const values = rows.flatMap((row) => row[metric]?.mean ?? []);
  return values.reduce((a, b) => a + b, 0) / values.length;
}
