import { scaleLinear } from 'd3-scale';
import { thresholdText } from '../detect/set_metrics.ts';
import { Chart, tenths } from './chart.tsx';
import { Details } from './data_table.tsx';
import type { Prediction } from './prediction.ts';
import { fixed } from './verdict.ts';

/** @jsxImportSource preact */

/** How many images have a score in [low, high). */
interface Bin {
  readonly low: number;
  readonly high: number;
  readonly normal: number;
  readonly abnormal: number;
}

/** Height of the strip, of that of the highest bar. */
const STRIP = 0.2;

/** How many images of each class have which score, back to back, and the threshold between them. */
export function ScoreChart({
  predictions,
  threshold,
}: {
  readonly predictions: readonly Prediction[];
  readonly threshold: number | null;
}) {
  if (predictions.length === 0) return null;
  const bins = binsOf(predictions, threshold);
  const most = Math.max(...bins.flatMap(({ normal, abnormal }) => [normal, abnormal]));
  // A strip above and below the bars is for their names.
  const side = most * (1 + STRIP);
  const domain = [bins[0].low, bins[bins.length - 1].high] as const;
  // Names stand at the end of the strip that the line of the threshold is further from.
  const left = threshold !== null && threshold > (domain[0] + domain[1]) / 2;
  const [end, anchor] = left ? [domain[0], 'start' as const] : [domain[1], 'end' as const];
  return (
    <figure>
      <h3>Scores</h3>
      <Chart
        title={`Histogram of the scores of ${predictions.length} test images, normal ones upwards and abnormal ones downwards`}
        x={{ label: 'score', domain }}
        y={{ label: 'images', domain: [-side, side], whole: true, mirrored: true }}
      >
        {({ x, y }) => (
          <>
            {bins.map(({ low, high, normal, abnormal }) => (
              <g key={low}>
                <Bar kind="normal" x={x(low)} width={x(high) - x(low)} from={y(normal)} to={y(0)} />
                <Bar kind="abnormal" x={x(low)} width={x(high) - x(low)} from={y(0)} to={y(-abnormal)} />
              </g>
            ))}
            <line class="axis" x1={x(domain[0])} x2={x(domain[1])} y1={y(0)} y2={y(0)} />
            <text class="direct normal" x={x(end)} y={y(side) + 12} text-anchor={anchor}>
              normal
            </text>
            <text class="direct abnormal" x={x(end)} y={y(-side) - 5} text-anchor={anchor}>
              abnormal
            </text>
            {threshold !== null && (
              <line class="threshold" x1={x(threshold)} x2={x(threshold)} y1={y(side)} y2={y(-side)} />
            )}
          </>
        )}
      </Chart>
      <figcaption>
        Normal images upwards, abnormal ones downwards.
        {threshold !== null &&
          ` Dashed: the threshold ${thresholdText(threshold)}; from there on images are predicted abnormal.`}
      </figcaption>
      <Details
        title="Scores as a table"
        heads={['from', 'to', 'normal', 'abnormal']}
        rows={bins.map(({ low, high, normal, abnormal }) => [
          fixed(low),
          fixed(high),
          String(normal),
          String(abnormal),
        ])}
      />
    </figure>
  );
}

function Bar({ kind, x, width, from, to }: { kind: string; x: number; width: number; from: number; to: number }) {
  if (from === to) return null;
  return <rect class={kind} x={tenths(x + 0.5)} y={from} width={tenths(width - 1)} height={tenths(to - from)} />;
}

/** Bins between round numbers, more of them for more images. */
function binsOf(predictions: readonly Prediction[], threshold: number | null): Bin[] {
  let [low, high] = threshold === null ? [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] : [threshold, threshold];
  for (const { score } of predictions) [low, high] = [Math.min(low, score), Math.max(high, score)];
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const count = Math.min(40, Math.max(10, Math.ceil(2 * Math.sqrt(predictions.length))));
  const edges = scaleLinear([low, high], [0, 1]).nice(count).ticks(count);
  const of = (label: 0 | 1) => predictions.filter((one) => one.label === label).map(({ score }) => score);
  const [normal, abnormal] = [of(0), of(1)];
  return edges.slice(0, -1).map((from, i) => {
    const to = edges[i + 1];
    const last = i === edges.length - 2;
    const inside = (score: number) => score >= from && (score < to || (last && score === to));
    return { low: from, high: to, normal: normal.filter(inside).length, abnormal: abnormal.filter(inside).length };
  });
}
