import { csvText } from '../../base/csv.ts';
import type { Entry } from './entries.ts';
import { METRIC_NAMES } from './paper_items.ts';

const HEAD = [
  ...['item', 'metric', 'set', 'row', 'shots', 'paper', 'mean', 'std', 'seeds', 'difference'],
  ...['selected_by', 'missing'],
];

/** Entries as CSV, a line each, in percent; what is not known is empty. */
export function entriesCsv(entries: readonly Entry[]): string {
  const number = (value: number | null | undefined) => value?.toFixed(2) ?? '';
  const rows = entries.map(({ item, metric, set, row, shots, paper, ours, difference, selectedBy, missing }) => [
    ...[item, METRIC_NAMES[metric], set, row, String(shots), number(paper)],
    ...[number(ours?.mean), number(ours?.std), ours ? String(ours.count) : '', number(difference)],
    ...[selectedBy ?? '', missing.join(' ')],
  ]);
  return csvText([HEAD, ...rows]);
}
