/** @jsxImportSource preact */
import { Chart, Curve, Key } from './chart.tsx';
import type { Point } from './curves.ts';
import { Details } from './data_table.tsx';
import type { LossSeries } from './loss_series.ts';
import type { SelectionPoint } from './read_run.ts';
import { fixed, significant } from './verdict.ts';

/** Colours of the parts' kinds, in their order. */
const COLOURS = ['first', 'second', 'third'];

/** The loss with its parts on a logarithmic axis, and what weights were compared by. */
export function LossCharts({ series }: { readonly series: LossSeries | null }) {
  if (!series) return <p class="note">The run folder has no log of its steps (metrics.jsonl).</p>;
  const { points, parts, each, selection } = series;
  const last = points[points.length - 1];
  const domain = [points[0].step, Math.max(last.step, points[0].step + 1)] as const;
  const values = points.flatMap((point) => [point.total, ...point.parts]).filter((value) => value > 0);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const kinds = [...new Set(parts.map((part) => part.split(', ')[0]))];
  const styleOf = (part: string) => {
    const [kind, branch] = part.split(', ');
    return `part ${COLOURS[kinds.indexOf(kind) % COLOURS.length]}${branch === 'loc' ? ' broken' : ''}`;
  };
  return (
    <>
      <figure>
        <h3>Loss</h3>
        <Chart
          title={`Loss during training, ${fixed(points[0].total)} at first and ${fixed(last.total)} at last`}
          x={{ label: 'step', domain, whole: true }}
          y={{ label: 'loss, logarithmic', domain: [low, high > low ? high : 2 * low], log: true }}
        >
          {(frame) => (
            <>
              {parts.map((part, k) => (
                <Curve
                  key={part}
                  frame={frame}
                  points={points.map((point): Point => [point.step, Math.max(low, point.parts[k])])}
                  kind={styleOf(part)}
                />
              ))}
              <Curve frame={frame} points={points.map((point): Point => [point.step, Math.max(low, point.total)])} />
            </>
          )}
        </Chart>
        <figcaption>
          <ul class="keys">
            <Key kind="curve" name="total" />
            {parts.map((part) => (
              <Key key={part} kind={styleOf(part)} name={part} />
            ))}
          </ul>
          Parts are sums over the layers{each > 1 && `; a point is the mean of ${each} steps`}.
        </figcaption>
        <Details
          title="Loss as a table"
          heads={['step', 'total', ...parts]}
          rows={thinned(points, 24).map((point) => [
            String(point.step),
            significant(point.total),
            ...point.parts.map((value) => significant(value)),
          ])}
        />
      </figure>
      {selection.length > 0 && <SelectionChart selection={selection} domain={domain} />}
    </>
  );
}

/** AUROCs by which weights were compared; a ring marks the chosen ones. */
function SelectionChart({
  selection,
  domain,
}: {
  readonly selection: readonly SelectionPoint[];
  readonly domain: readonly [number, number];
}) {
  const known = selection.flatMap(({ image, pixel }) => [image ?? 1, pixel ?? 1]);
  const lowest = Math.min(0.5, ...known);
  const chosen = selection.findLast(({ best }) => best);
  const line = (of: 'image' | 'pixel') =>
    selection.flatMap((point): Point[] => (point[of] === null ? [] : [[point.step, point[of]]]));
  const lines = [
    { name: 'image', kind: 'curve', points: line('image') },
    { name: 'pixel', kind: 'part second', points: line('pixel') },
  ].filter(({ points }) => points.length > 0);
  return (
    <figure>
      <h3>Selection</h3>
      <Chart
        title="AUROC of the compared weights on the images that they are compared on"
        x={{ label: 'step', domain, whole: true }}
        y={{ label: 'AUROC', domain: [lowest, 1] }}
      >
        {(frame) => (
          <>
            {chosen && (
              <line
                class="threshold"
                x1={frame.x(chosen.step)}
                x2={frame.x(chosen.step)}
                y1={frame.y(lowest)}
                y2={frame.y(1)}
              />
            )}
            {lines.map(({ name, kind, points }) => (
              <g key={name} class={kind}>
                <Curve frame={frame} points={points} kind={kind} />
                {points.length < 60 && points.map(([x, y]) => <circle key={x} cx={frame.x(x)} cy={frame.y(y)} r="3" />)}
              </g>
            ))}
          </>
        )}
      </Chart>
      <figcaption>
        <ul class="keys">
          {lines.map(({ name, kind }) => (
            <Key key={name} kind={kind} name={`${name} AUROC`} />
          ))}
        </ul>
        On the images that weights are compared on.{chosen && ` Dashed: the chosen ones, of epoch ${chosen.epoch}.`}
      </figcaption>
      <Details
        title="Selection as a table"
        heads={['step', 'epoch', ...lines.map(({ name }) => `${name} AUROC`)]}
        rows={selection.map((point) => [
          String(point.step),
          String(point.epoch),
          ...lines.map(({ name }) => fixed(point[name as 'image' | 'pixel'])),
        ])}
      />
    </figure>
  );
}

/** At most `most` entries, the last one among them. */
function thinned<T>(list: readonly T[], most: number): T[] {
  const each = Math.ceil(list.length / most);
  return list.filter((_, i) => (list.length - 1 - i) % each === 0);
}
