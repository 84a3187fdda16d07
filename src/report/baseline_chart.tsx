/** @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';
import { intensityBaselines } from '../metrics/intensity_baseline.ts';
import { tenths } from './chart.tsx';
import type { ImageCurves } from './curves.ts';
import type { RunRecord } from './read_run.ts';
import { fixed } from './verdict.ts';

const [WIDTH, ROW, TOP, BOTTOM] = [360, 38, 4, 34];
/** To the right of the axis is room for a number beside the dot of the largest value. */
const [LEFT, RIGHT] = [10, 60];

/** The run's image AUROC with its interval, above what brightness alone reaches. */
export function BaselineChart({
  curves: { roc, exact },
  results,
}: {
  readonly curves: ImageCurves;
  readonly results: RunRecord['results'];
}) {
  const baselines = intensityBaselines(results.trivial)
    .flatMap(({ title, reversed, image }) => (image ? [{ name: title, value: image.auroc, reversed }] : []))
    .sort((a, b) => b.value - a.value);
  const rows = [
    { name: 'this run', value: roc.value, interval: roc.interval },
    ...baselines.map(({ name, value }) => ({ name, value, interval: null })),
  ];
  const lowest = Math.min(0.4, Math.floor(10 * Math.min(roc.interval.low, roc.value)) / 10);
  const x = scaleLinear([lowest, 1], [LEFT, WIDTH - RIGHT]);
  const height = TOP + ROW * rows.length + BOTTOM;
  const bottom = height - BOTTOM;
  const title = `Image AUROC: ${rows.map(({ name, value }) => `${name} ${fixed(value)}`).join('; ')}`;
  return (
    <figure>
      <svg class="chart" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={title}>
        {x.ticks(5).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={x(tick)} x2={x(tick)} y1={TOP} y2={bottom} />
            <text class="tick" x={x(tick)} y={bottom + 14} text-anchor="middle">
              {tick.toFixed(1)}
            </text>
          </g>
        ))}
        <line class="chance" x1={x(0.5)} x2={x(0.5)} y1={TOP} y2={bottom} />
        {rows.map(({ name, value, interval }, i) => {
          const y = TOP + ROW * i + 26;
          return (
            <g key={name} class={interval ? 'own' : 'trivial'}>
              <text class="name" x={0} y={y - 12}>
                {name}
              </text>
              {interval && (
                <line class="whisker" x1={tenths(x(interval.low))} x2={tenths(x(interval.high))} y1={y} y2={y} />
              )}
              <circle cx={tenths(x(value))} cy={y} r={interval ? 6 : 4.5} />
              <text class="value" x={WIDTH - 2} y={y + 4} text-anchor="end">
                {fixed(value)}
              </text>
            </g>
          );
        })}
        <text class="label" x={WIDTH - RIGHT + 14} y={height - 4} text-anchor="end">
          image AUROC →
        </text>
      </svg>
      <figcaption>
        Bar: {exact ? 'an exact interval of 95 %' : '95 % of the bootstrap draws'}. Dashed: chance.
        {baselines.some(({ reversed }) => reversed) && ' “Low”: abnormal images have the lower value.'}
      </figcaption>
    </figure>
  );
}
