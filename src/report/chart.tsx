/** @jsxImportSource preact */

import { scaleLinear } from 'd3-scale';
import { area, line } from 'd3-shape';
import type { ComponentChildren } from 'preact';
import type { Point } from './curves.ts';

/** Size of a chart in its own units; it is scaled to the width that there is. */
const [WIDTH, HEIGHT] = [420, 300];
const MARGIN = { left: 46, right: 14, top: 12, bottom: 40 };

/** The values along one side of a chart. */
export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
}

/** What a chart's marks are placed with. */
export interface Frame {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

interface ChartProps {
  /** What is seen, for those who cannot see it. */
  readonly title: string;
  readonly x: Axis;
  readonly y: Axis;
  readonly children: (frame: Frame) => ComponentChildren;
}

/** Two axes with a light grid around whatever is drawn. */
export function Chart({ title, x, y, children }: ChartProps) {
  const scaleX = scaleLinear([...x.domain], [MARGIN.left, WIDTH - MARGIN.right]);
  const scaleY = scaleLinear([...y.domain], [HEIGHT - MARGIN.bottom, MARGIN.top]);
  const formatX = scaleX.tickFormat(5);
  const formatY = scaleY.tickFormat(5);
  const bottom = HEIGHT - MARGIN.bottom;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={title}>
      {scaleY.ticks(5).map((tick) => (
        <g key={`y${tick}`}>
          <line class="grid" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={scaleY(tick)} y2={scaleY(tick)} />
          <text class="tick" x={MARGIN.left - 7} y={scaleY(tick) + 4} text-anchor="end">
            {formatY(tick)}
          </text>
        </g>
      ))}
      {scaleX.ticks(5).map((tick) => (
        <g key={`x${tick}`}>
          <line class="axis" x1={scaleX(tick)} x2={scaleX(tick)} y1={bottom} y2={bottom + 4} />
          <text class="tick" x={scaleX(tick)} y={bottom + 17} text-anchor="middle">
            {formatX(tick)}
          </text>
        </g>
      ))}
      <line class="axis" x1={MARGIN.left} x2={WIDTH - MARGIN.right} y1={bottom} y2={bottom} />
      <text class="label" x={(MARGIN.left + WIDTH - MARGIN.right) / 2} y={HEIGHT - 5} text-anchor="middle">
        {x.label}
      </text>
      <text class="label" transform={`translate(11 ${(MARGIN.top + bottom) / 2}) rotate(-90)`} text-anchor="middle">
        {y.label}
      </text>
      {children({ x: scaleX, y: scaleY })}
    </svg>
  );
}

/** A line through points. */
export function Curve({ frame, points, kind = 'curve' }: { frame: Frame; points: readonly Point[]; kind?: string }) {
  const path = line<Point>(
    ([x]) => frame.x(x),
    ([, y]) => frame.y(y),
  );
  return <path class={kind} d={rounded(path([...points]) ?? '')} />;
}

/** The region between a lower and an upper line. */
export function Band({ frame, band }: { frame: Frame; band: readonly (readonly [number, number, number])[] }) {
  const path = area<readonly [number, number, number]>(
    ([x]) => frame.x(x),
    ([, low]) => frame.y(low),
    ([, , high]) => frame.y(high),
  );
  return <path class="band" d={rounded(path([...band]) ?? '')} />;
}

/** A path with a digit behind the point is as exact as a screen, and half as long. */
function rounded(path: string): string {
  return path.replace(/-?\d+\.\d+/g, (number) => String(Math.round(Number(number) * 10) / 10));
}
