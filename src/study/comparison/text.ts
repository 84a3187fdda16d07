import { textColumns } from '../../base/columns.ts';
import { csvText } from '../../base/csv.ts';
import { METRIC_NAMES, type Metric } from '../reproduction/paper_items.ts';
import { spreadText } from '../reproduction/text.ts';
import { experimentName } from './compared.ts';
import type { Comparison, Difference } from './comparison.ts';

const METRICS = Object.keys(METRIC_NAMES) as Metric[];

/** Whether the interval of a difference leaves out zero. */
export function isClear({ low, high }: Difference): boolean {
  return low > 0 || high < 0;
}

/** One sentence a set: which experiment has the highest image AUROC, and how sure that is. */
export function findings({ sets, rows, differences }: Comparison): string[] {
  return sets.flatMap(({ name: set }) => {
    const own = rows
      .filter((row) => row.set === set && row.values.imageAuroc !== null)
      .sort((a, b) => b.values.imageAuroc!.mean - a.values.imageAuroc!.mean);
    if (own.length === 0) return [];
    const [best] = own;
    const isBest = (one: Difference['first']) => one.name === best.name && one.shots === best.shots;
    const apart = differences.filter((one) => one.set === set && (isBest(one.first) || isBest(one.second)));
    const unclear = apart.filter((one) => !isClear(one)).map((one) => (isBest(one.first) ? one.second : one.first));
    const others = unclear.map((one) => experimentName(one)).join('; ');
    const sure =
      apart.length === 0
        ? ''
        : others
          ? `, not clearly above ${others}`
          : apart.length < own.length - 1
            ? `, clearly above the ${apart.length} that it is set against`
            : ', clearly above all others';
    const value = spreadText(best.values.imageAuroc!);
    const what = own.length === 1 ? `reaches an image AUROC of ${value}` : `has the highest image AUROC (${value})`;
    return [`On ${set}, ${experimentName(best)} ${what}${sure}.`];
  });
}

/** A comparison for a terminal, in percent. */
export function formatComparison(comparison: Comparison): string {
  const { sets, rows, baselines, differences, warnings, failed, partial, draws } = comparison;
  const lines = ['percent, mean ± standard deviation over seeds'];
  if (partial) lines.push(`PARTIAL: ${partial}`);
  for (const set of sets) {
    const shown = METRICS.filter((metric) => rows.some((row) => row.set === set.name && row.values[metric]));
    const cells = (values: (metric: Metric) => string) => shown.map(values);
    const table = [
      ['', 'seeds', ...shown.map((metric) => METRIC_NAMES[metric]), '95 %'],
      ...rows
        .filter((row) => row.set === set.name)
        .map((row) => [
          experimentName(row) + (row.selectedBy.includes('test-oracle') ? ' (test-oracle)' : ''),
          String(row.seeds.length),
          ...cells((metric) => (row.values[metric] ? spreadText(row.values[metric]) : '')),
          row.interval ? rangeText(row.interval) : '',
        ]),
      ...baselines
        .filter((one) => one.set === set.name)
        .map(({ name, values }) => [name, '', ...cells((metric) => values[metric]?.toFixed(2) ?? '')]),
    ];
    lines.push(
      '',
      `${set.name}, test: ${set.normal} normal and ${set.abnormal} abnormal images`,
      textColumns(table, 'lr'),
    );
    const apart = differences.filter((one) => one.set === set.name);
    if (apart.length === 0) continue;
    lines.push(
      '',
      `image AUROC, first − second in percentage points, with 95 % of ${draws} paired draws of ${set.units} ${set.drawn}`,
      textColumns(
        apart.map((one) => [
          `${experimentName(one.first)} − ${experimentName(one.second)}`,
          signed(one.difference),
          changeText(one),
          isClear(one) ? 'clear' : '',
        ]),
        'lrl',
      ),
    );
  }
  const after = [
    ...warnings.map((text) => `WARNING: ${text}`),
    ...failed.map((one) => `FAILED   ${one.run}: ${one.reason}`),
  ];
  return `${[...lines, '', ...findings(comparison), ...after].join('\n')}\n`;
}

const HEAD = [
  ...['kind', 'set', 'name', 'shots', 'against', 'against_shots', 'metric'],
  ...['value', 'std', 'seeds', 'low', 'high', 'drawn', 'selected_by'],
];

/** A comparison as CSV, in percent: a line for each result, baseline and difference; what is not known is empty. */
export function comparisonCsv({ sets, rows, baselines, differences }: Comparison): string {
  const number = (value: number | null | undefined) => value?.toFixed(4) ?? '';
  const drawn = (name: string) => sets.find((set) => set.name === name)!.drawn;
  const results = rows.flatMap(({ set, name, shots, values, interval, selectedBy }) =>
    METRICS.flatMap((metric) => {
      const value = values[metric];
      if (!value) return [];
      const bounds = metric === 'imageAuroc' ? interval : null;
      return [
        [
          ...['result', set, name, String(shots), '', '', METRIC_NAMES[metric], number(value.mean)],
          ...[value.count > 1 ? number(value.std) : '', String(value.count), number(bounds?.low), number(bounds?.high)],
          ...[bounds ? drawn(set) : '', selectedBy],
        ],
      ];
    }),
  );
  const trivial = baselines.flatMap(({ set, name, values }) =>
    METRICS.filter((metric) => values[metric] !== undefined).map((metric) => [
      ...['baseline', set, name, '', '', '', METRIC_NAMES[metric], number(values[metric])],
      ...['', '', '', '', '', ''],
    ]),
  );
  const apart = differences.map(({ set, first, second, difference, low, high }) => [
    ...['difference', set, first.name, String(first.shots), second.name, String(second.shots), METRIC_NAMES.imageAuroc],
    ...[number(difference), '', '', number(low), number(high), drawn(set), ''],
  ]);
  return csvText([HEAD, ...results, ...trivial, ...apart]);
}

/** Percentage points with their sign. */
export function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(2)}`;
}

/** The interval of a difference: `+0.12 to +5.00`. */
export function changeText({ low, high }: Difference): string {
  return `${signed(low)} to ${signed(high)}`;
}

/** `90.12 to 95.00`. */
export function rangeText({ low, high }: { readonly low: number; readonly high: number }): string {
  return `${low.toFixed(2)} to ${high.toFixed(2)}`;
}
