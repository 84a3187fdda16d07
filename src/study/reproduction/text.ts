import { textColumns } from '../../base/columns.ts';
import type { Spread } from '../summary.ts';
import type { Entry } from './entries.ts';
import { METRIC_NAMES } from './paper_items.ts';
import { pivotOf } from './pivot.ts';
import type { Reproduction } from './reproduce.ts';

/** The tables of a reproduction for a terminal, in percent: under a row what the paper has for it. */
export function formatReproduction(results: Reproduction): string {
  const { model, seeds, phantoms, items, skipped, runs, warning, partial } = results;
  const failed = runs.filter((run) => run.failed !== null);
  const lines = [
    `${model.name}, ${phantoms ? 'phantoms, ' : ''}seeds ${seeds.join(', ')}; percent, mean ± standard deviation over seeds`,
    ...(partial ? [`PARTIAL: ${partial}`] : []),
    ...(warning ? [`WARNING: ${warning}`] : []),
  ];
  for (const { name, title, kind, metrics, shots } of items) {
    if (kind !== 'table') continue;
    for (const metric of metrics) {
      const head = `${name}: ${title}; ${METRIC_NAMES[metric]}, ${shots[0]} + ${shots[0]} support images`;
      lines.push('', head, tableText(results, name, metric));
    }
  }
  return [
    ...lines,
    '',
    ...skipped.map(({ reason }) => `SKIPPED  ${reason}`),
    ...failed.map(
      ({ set, row, shots, seed, failed: reason }) => `FAILED   ${set}, ${row}, ${shots}-shot, seed ${seed}: ${reason}`,
    ),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function tableText(results: Reproduction, item: string, metric: Entry['metric']): string {
  const { sets, rows } = pivotOf(results, item, metric);
  const means = rows.some(({ mean }) => mean);
  const lines = [['', ...sets, ...(means ? ['mean'] : [])]];
  for (const { name, oracle, entries, mean } of rows) {
    lines.push([
      oracle ? `${name} (test-oracle)` : name,
      ...entries.map(entryText),
      ...(mean ? [number(mean.ours)] : []),
    ]);
    if (entries.every((entry) => entry?.paper == null)) continue;
    lines.push(['  paper', ...entries.map((entry) => number(entry?.paper)), ...(mean ? [number(mean.paper)] : [])]);
  }
  return textColumns(lines);
}

function entryText(entry: Entry | null): string {
  if (!entry?.ours) return entry?.missing.length ? 'none' : '';
  return spreadText(entry.ours) + (entry.missing.length > 0 ? ' *' : '');
}

/** `92.31 ± 1.20`, or the number alone where nothing was repeated. */
export function spreadText({ mean, std, count }: Spread): string {
  return count > 1 ? `${mean.toFixed(2)} ± ${std.toFixed(2)}` : mean.toFixed(2);
}

function number(value: number | null | undefined): string {
  return value?.toFixed(2) ?? '';
}
