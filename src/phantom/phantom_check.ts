import { textColumns } from '../base/columns.ts';
import { inBetterDirection } from '../metrics/intensity_baseline.ts';
import { type IntensityScores, intensityScores } from '../metrics/intensity_scores.ts';
import { imageMetrics } from '../metrics/summary.ts';
import { PHANTOM_FAMILIES, phantom } from './phantom.ts';

/** How well brightness alone tells diseased phantoms of a family from healthy ones. */
export interface IntensityRow {
  readonly family: string;
  readonly seed: number;
  /** Pictures of either class. */
  readonly count: number;
  /** Image AUROC of each trivial score, in the better direction: 0.5 is none. */
  readonly auroc: Readonly<Record<keyof IntensityScores, number>>;
  /** The greatest of them. */
  readonly worst: number;
}

/** The most that a trivial baseline may reach on phantoms, in either direction. */
export const TRIVIAL_BOUND = 0.7;

const SCORES = ['mean', 'std', 'p995'] as const;

/**
 * Measures the trivial baselines on `count` healthy and `count` diseased phantoms (kinds in turn) for each seed. Healthy
 * and diseased ones have different indices, so they are different anatomies.
 */
export function intensityTable(
  seeds: readonly number[],
  count: number,
  size: number,
  families: readonly string[] = Object.keys(PHANTOM_FAMILIES),
  onRow?: (row: IntensityRow) => void,
): IntensityRow[] {
  const rows: IntensityRow[] = [];
  for (const family of families) {
    for (const seed of seeds) {
      const labels: number[] = [];
      const scores: IntensityScores[] = [];
      const kinds = PHANTOM_FAMILIES[family].kinds.map(({ name }) => name);
      for (let i = 0; i < 2 * count; i++) {
        const label = i % 2;
        const abnormal = label === 1 && kinds[(i >> 1) % kinds.length];
        labels.push(label);
        scores.push(intensityScores(phantom(family, seed, i, { size, abnormal }).image));
      }
      const of = (score: keyof IntensityScores) =>
        inBetterDirection((sign) =>
          imageMetrics(
            labels,
            scores.map((s) => sign * s[score]),
          ),
        ).auroc;
      const auroc = { mean: of('mean'), std: of('std'), p995: of('p995') };
      const worst = Math.max(...SCORES.map((score) => auroc[score]));
      rows.push({ family, seed, count, auroc, worst });
      onRow?.(rows[rows.length - 1]);
    }
  }
  return rows;
}

/** The rows as a table of text. */
export function formatIntensityTable(rows: readonly IntensityRow[]): string {
  const lines = rows.map(({ family, seed, count, auroc, worst }) => {
    const numbers = [auroc.mean, auroc.std, auroc.p995, worst].map((x) => x.toFixed(3));
    return [family, String(seed), `${count}+${count}`, ...numbers];
  });
  return textColumns([['family', 'seed', 'n', 'mean', 'std', 'p99.5', 'worst'], ...lines], 'lr');
}
