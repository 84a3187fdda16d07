import { textColumns } from '../base/columns.ts';
import type { EmbeddedResults } from './embedded.ts';
import { meanOver, type Spread, type SummaryRow } from './summary.ts';

const METRICS = ['imageAuroc', 'pixelAuroc', 'aupro'] as const;
const HEADS = ['image AUROC', 'pixel AUROC', 'AUPRO'] as const;

/** A study of the embedded model as text: naming, a table with a line for each set and method, and the goals. */
export function formatEmbedded(results: EmbeddedResults): string {
  const { naming, rows, others, goals, failed, shots, seeds, model } = results;
  const named = Object.entries(naming.byName).map(([name, share]) => `${name} ${percent(share)}`);
  return [
    `${model.name}, ${shots} + ${shots} support images, seeds ${seeds.join(', ')} (mean ± standard deviation)`,
    `zero-shot naming of ${naming.images} phantoms: ${percent(naming.accuracy)} (${named.join(', ')})`,
    '',
    formatRows(rows),
    ...(others.length > 0 ? ['', 'real images, never trained on', formatRows(others)] : []),
    '',
    ...goals.map(
      ({ what, bound, reached, met }) => `${met ? 'reached' : 'MISSED '}  ${what}: ${decimals(reached)}, goal ${bound}`,
    ),
    ...failed.map(({ run, reason }) => `FAILED   ${run}: ${reason}`),
    '',
  ].join('\n');
}

/** Rows of all sets and methods, then the mean of each method over its sets. */
export function formatRows(rows: readonly SummaryRow[]): string {
  const methods = [...new Set(rows.map(({ method }) => method))];
  const sets = [...new Set(rows.map(({ set }) => set))];
  const lines: string[][] = [['set', 'method', ...HEADS]];
  for (const set of sets) {
    for (const row of rows.filter((one) => one.set === set)) {
      lines.push([set, row.method, ...METRICS.map((metric) => cellText(row[metric]))]);
    }
  }
  if (sets.length > 1) {
    for (const method of methods) {
      const own = rows.filter((row) => row.method === method);
      const means = METRICS.map((metric) => meanOver(own, metric));
      lines.push(['mean', method, ...means.map((mean) => (Number.isNaN(mean) ? '' : decimals(mean)))]);
    }
  }
  return textColumns(lines);
}

function cellText(spread: Spread | null): string {
  return spread ? `${decimals(spread.mean)} ± ${decimals(spread.std)}` : '';
}

function decimals(value: number): string {
  return Number.isInteger(value) && value > 1 ? String(value) : value.toFixed(3);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
