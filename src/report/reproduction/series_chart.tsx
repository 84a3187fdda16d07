/** @jsxImportSource preact */
import { METRIC_NAMES } from '../../study/index.ts';
import type { Entry } from '../../study/reproduction/entries.ts';
import { CONTROL_ROW, OWN_ROW } from '../../study/reproduction/rows.ts';
import { spreadText } from '../../study/reproduction/text.ts';
import { type Axis, Chart, Curve, type Frame, Key } from '../chart.tsx';
import type { Point } from '../curves.ts';
import { Details } from '../data_table.tsx';

/** A curve: what was found at each place, and what is published there. */
interface Series {
  readonly name: string;
  readonly kind: string;
  readonly points: readonly { readonly x: number; readonly entry: Entry }[];
}

/** Figure 4 for a set and metric: a curve for each method over the number of support images. */
export function ShotsChart({ entries }: { readonly entries: readonly Entry[] }) {
  const shots = [...new Set(entries.map((entry) => entry.shots))].sort((a, b) => a - b);
  const names = [...new Set(entries.map(({ row }) => row))];
  const others = names.filter((name) => name !== OWN_ROW.name && name !== CONTROL_ROW.name);
  const series = names.map((name): Series => {
    const own = entries.filter(({ row }) => row === name);
    return { name, kind: kindOf(name, others), points: own.map((entry) => ({ x: entry.shots, entry })) };
  });
  const [least, most] = [shots[0], shots[shots.length - 1]];
  const domain = least < most ? ([least, most] as const) : ([least / 2, 2 * least] as const);
  const x = { label: 'support images of a class', domain, marks: shots, log: true };
  return <SeriesChart series={series} x={x} />;
}

/** Figure 5 for a metric: each block alone, and the usual blocks together as a line across. */
export function LayersChart({ entries }: { readonly entries: readonly Entry[] }) {
  const layerOf = ({ row }: Entry) => Number(/^layers:(\d+)$/.exec(row)?.[1] ?? 0);
  const alone = entries.filter((entry) => layerOf(entry) > 0);
  const together = entries.find((entry) => layerOf(entry) === 0);
  const last = Math.max(2, ...alone.map(layerOf));
  const series: Series[] = [
    { name: 'one block', kind: 'curve', points: alone.map((entry) => ({ x: layerOf(entry), entry })) },
  ];
  if (together) {
    const points = [1, last].map((x) => ({ x, entry: together }));
    series.push({ name: `${together.row}, all its blocks`, kind: 'part second', points });
  }
  return <SeriesChart series={series} x={{ label: 'block', domain: [1, last], whole: true }} />;
}

function SeriesChart({ series, x }: { readonly series: readonly Series[]; readonly x: Axis }) {
  const entries = series.flatMap(({ points }) => points.map(({ entry }) => entry));
  const [{ set, metric, item }] = entries;
  const values = entries.flatMap(({ ours, paper }) => [
    ...(ours ? [ours.mean - ours.std, ours.mean + ours.std] : []),
    ...(paper === null ? [] : [paper]),
  ]);
  if (values.length === 0) return null;
  const [low, high] = [Math.floor(Math.min(...values) - 0.5), Math.min(100, Math.ceil(Math.max(...values) + 0.5))];
  const published = entries.some(({ paper }) => paper !== null);
  return (
    <figure>
      <h3>
        {set}, {METRIC_NAMES[metric]}
      </h3>
      <Chart
        title={`${METRIC_NAMES[metric]} on ${set} by ${x.label}; the numbers are in the table below`}
        x={x}
        y={{ label: `${METRIC_NAMES[metric]}, %`, domain: [low, high] }}
      >
        {(frame) => series.map((one) => <SeriesCurve key={one.name} frame={frame} series={one} />)}
      </Chart>
      <figcaption>
        <ul class="keys">
          {series.map(({ name, kind }) => (
            <Key key={name} kind={kind} name={name} />
          ))}
        </ul>
        {published && 'Thin and dashed: published. '}
        {entries.some(({ ours }) => ours && ours.count > 1) && 'Bars: one standard deviation over seeds.'}
      </figcaption>
      <Details
        title={`${item}: ${METRIC_NAMES[metric]} on ${set} as a table`}
        heads={['curve', x.label, 'ours', 'published']}
        rows={series.flatMap(({ name, points }) =>
          points.map(({ x: at, entry }) => [
            name,
            String(at),
            entry.ours ? spreadText(entry.ours) : entry.missing.join(' '),
            entry.paper?.toFixed(2) ?? '',
          ]),
        )}
      />
    </figure>
  );
}

/** The curve with a bar of the spread at each point, and the published one. */
function SeriesCurve({ frame, series }: { readonly frame: Frame; readonly series: Series }) {
  const { kind, points } = series;
  const found = points.flatMap(({ x, entry: { ours } }) => (ours ? [{ x, ...ours }] : []));
  const paper = points.flatMap(({ x, entry }): Point[] => (entry.paper === null ? [] : [[x, entry.paper]]));
  const place = (value: number) => frame.y(value);
  return (
    <g class={kind}>
      <Curve frame={frame} points={found.map(({ x, mean }): Point => [x, mean])} kind={kind} />
      {paper.length > 1 && <Curve frame={frame} points={paper} kind={`${kind} broken published`} />}
      {found.map(({ x, mean, std }) => (
        <g key={x}>
          {std > 0 && (
            <line class="spread" x1={frame.x(x)} x2={frame.x(x)} y1={place(mean - std)} y2={place(mean + std)} />
          )}
          <circle cx={frame.x(x)} cy={place(mean)} r="3" />
        </g>
      ))}
    </g>
  );
}

const COLOURS = ['first', 'second', 'third'];

function kindOf(name: string, others: readonly string[]): string {
  if (name === OWN_ROW.name) return 'curve';
  return name === CONTROL_ROW.name ? 'chance' : `part ${COLOURS[others.indexOf(name) % COLOURS.length]}`;
}
