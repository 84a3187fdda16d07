/** @jsxImportSource preact */
import { scaleLinear } from 'd3-scale';
import { experimentName } from '../../study/comparison/compared.ts';
import type { Difference } from '../../study/comparison/comparison.ts';
import { changeText, isClear, signed } from '../../study/comparison/text.ts';
import { tenths } from '../chart.tsx';
import { Details } from '../data_table.tsx';

const [WIDTH, ROW, TOP, BOTTOM, SIDE] = [360, 44, 6, 34, 12];
/** More lines than this are a table alone. */
const MOST = 24;

/** How much higher the image AUROC of one experiment is than that of another, with its interval. */
export function DifferenceChart({
  differences,
  draws,
  drawn,
}: {
  readonly differences: readonly Difference[];
  readonly draws: number;
  readonly drawn: string;
}) {
  if (differences.length === 0) return null;
  return (
    <figure>
      <h3>Differences in image AUROC</h3>
      {differences.length <= MOST && <Lines differences={differences} />}
      <figcaption>
        First less second, in percentage points of the means over seeds. Bar: 95 % of {draws} draws of test {drawn}, the
        same ones for both. Filled: the bar leaves out zero.
      </figcaption>
      <Details
        title="Differences as a table"
        heads={['first', 'second', 'difference', '95 %', '']}
        rows={differences.map((one) => [
          experimentName(one.first),
          experimentName(one.second),
          signed(one.difference),
          changeText(one),
          isClear(one) ? 'clear' : '',
        ])}
      />
    </figure>
  );
}

function Lines({ differences }: { readonly differences: readonly Difference[] }) {
  const bounds = differences.flatMap(({ low, high, difference }) => [low, high, difference, 0]);
  const [least, most] = [Math.min(...bounds), Math.max(...bounds)];
  const x = scaleLinear([least, most > least ? most : least + 1], [SIDE, WIDTH - SIDE]).nice(4);
  const bottom = TOP + ROW * differences.length;
  const ticks = x.ticks(5);
  const format = x.tickFormat(5);
  return (
    <svg
      class="chart"
      viewBox={`0 0 ${WIDTH} ${bottom + BOTTOM}`}
      role="img"
      aria-label="Differences; see the table below"
    >
      {ticks.map((tick) => (
        <g key={tick}>
          <line class="grid" x1={x(tick)} x2={x(tick)} y1={TOP} y2={bottom} />
          <text class="tick" x={x(tick)} y={bottom + 14} text-anchor="middle">
            {format(tick)}
          </text>
        </g>
      ))}
      <line class="chance" x1={x(0)} x2={x(0)} y1={TOP} y2={bottom} />
      {differences.map((one, i) => {
        const y = TOP + ROW * i + 30;
        return (
          <g key={i} class={isClear(one) ? 'own' : 'trivial'}>
            <text class="name" x={SIDE} y={y - 12}>
              {experimentName(one.first)} − {experimentName(one.second)}
            </text>
            <line class="whisker" x1={tenths(x(one.low))} x2={tenths(x(one.high))} y1={y} y2={y} />
            <circle cx={tenths(x(one.difference))} cy={y} r="5" />
          </g>
        );
      })}
      <text class="label" x={WIDTH - SIDE} y={bottom + BOTTOM - 4} text-anchor="end">
        percentage points →
      </text>
    </svg>
  );
}
