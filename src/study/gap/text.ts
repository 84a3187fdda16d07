import { textColumns } from '../../base/columns.ts';
import type { MeanInterval, PairedDifference } from '../../metrics/paired.ts';
import type { GapResults } from './gap.ts';
import { ALL_SETS, type GapDifference, type GapRow } from './summary.ts';

const METRICS = ['imageAuroc', 'pixelAuroc', 'aupro'] as const;

/** The study as text: what was run, the means, each family, the differences, and the goals. */
export function formatGap(results: GapResults): string {
  const { model, seeds, families, shots, methods, valid, test, rows, differences, goals, failed } = results;
  const overall = rows.filter(({ set }) => set === ALL_SETS);
  return [
    `${model.name}: ${families.length} families, ${list(shots)} + ${list(shots)} support images, seeds ${list(seeds)}, ${valid} pictures in valid and ${test} in test`,
    `${results.finished} of ${results.total} runs are finished: ${methods.join(', ')}`,
    '',
    'mean over the families (95 % interval over seeds)',
    tableOf(overall, ({ shots: each }) => `${each}-shot`),
    '',
    'image AUROC of each family',
    familiesOf(rows, families),
    '',
    'image AUROC, first less second (95 % interval; pairs above : below, two-sided sign test)',
    textColumns([
      ['', '', 'by seed', '', 'by family and seed', ''],
      ...differences.filter(({ set }) => set === ALL_SETS).map(differenceLine),
    ]),
    '',
    ...goals.map(
      ({ what, reached, met }) => `${met === null ? 'OPEN   ' : met ? 'reached' : 'MISSED '}  ${what}: ${reached}`,
    ),
    ...failed.map(({ run, reason }) => `FAILED   ${run}: ${reason}`),
    '',
  ].join('\n');
}

function differenceLine({ first, second, asks, shots, bySeed, bySetAndSeed }: GapDifference): string[] {
  const cells = (one: PairedDifference | null) =>
    one ? [signedText(one), `${one.above}:${one.below} p ${one.signP.toPrecision(2)}`] : ['', ''];
  return [`${shots}-shot ${first} − ${second}`, asks, ...cells(bySeed), ...cells(bySetAndSeed)];
}

function tableOf(rows: readonly GapRow[], place: (row: GapRow) => string): string {
  return textColumns([
    ['', 'method', 'seeds', 'image AUROC', 'pixel AUROC', 'AUPRO'],
    ...rows.map((row) => [
      place(row),
      row.method,
      String(row.seeds.length),
      ...METRICS.map((metric) => intervalText(row[metric])),
    ]),
  ]);
}

/** A line for each method and number of support images, a column for each family. */
function familiesOf(rows: readonly GapRow[], families: readonly string[]): string {
  const lines = new Map<string, string[]>();
  for (const { shots, method } of rows) lines.set(JSON.stringify([shots, method]), [`${shots}-shot`, method]);
  return textColumns([
    ['', 'method', ...families],
    ...[...lines].map(([key, head]) => [
      ...head,
      ...families.map((family) => {
        const row = rows.find((one) => one.set === family && JSON.stringify([one.shots, one.method]) === key);
        return row ? row.imageAuroc.mean.toFixed(3) : '';
      }),
    ]),
  ]);
}

/** A mean with its interval, e.g. `0.712 (0.690–0.734)`. */
export function intervalText(value: MeanInterval | null): string {
  if (!value) return '';
  const { mean, low, high } = value;
  return Number.isFinite(low) ? `${mean.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})` : mean.toFixed(3);
}

/** A difference with its interval, e.g. `+0.021 (−0.004 to +0.046)`. */
export function signedText({ mean, low, high }: MeanInterval): string {
  const signed = (value: number) => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(3)}`;
  return Number.isFinite(low) ? `${signed(mean)} (${signed(low)} to ${signed(high)})` : signed(mean);
}

function list(values: readonly number[]): string {
  return values.join(', ');
}
