/** @jsxImportSource preact */
import { scaleLinear, scaleLog } from 'd3-scale';
import { area, curveStepBefore, line } from 'd3-shape';
import type { ComponentChildren } from 'preact';
import type { BandPoint, Point } from './curves.ts';

/** Size of a chart in its own units: on a telephone one is a pixel. */
const SIZE = [360, 280] as const;
const MARGIN = { left: 40, right: 14, top: 26, bottom: 38 };

/** The values along one side of a chart. */
export interface Axis {
  readonly label: string;
  readonly domain: readonly [number, number];
  /** Whether only whole numbers are marked. */
  readonly whole?: boolean;
  /** What is marked, in place of round numbers. */
  readonly marks?: readonly number[];
  /** Equal distances are equal factors. */
  readonly log?: boolean;
  /** Whether values below zero count like those above: the axis is that of two charts, back to back. */
  readonly mirrored?: boolean;
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
  /** Width and height in its own units. */
  readonly size?: readonly [number, number];
  readonly children: (frame: Frame) => ComponentChildren;
}

/** Two axes with a light grid around whatever is drawn. */
export function Chart({ title, x, y, size: [width, height] = SIZE, children }: ChartProps) {
  const bottom = height - MARGIN.bottom;
  const across = scaleOf(x, [MARGIN.left, width - MARGIN.right]);
  const up = scaleOf(y, [bottom, MARGIN.top]);
  return (
    <svg class="chart" viewBox={`0 0 ${width} ${height}`} role="img" aria-label={title}>
      {up.ticks.map(({ value, text }) => (
        <g key={`y${value}`}>
          <line class="grid" x1={MARGIN.left} x2={width - MARGIN.right} y1={up.place(value)} y2={up.place(value)} />
          <text class="tick" x={MARGIN.left - 6} y={up.place(value) + 4} text-anchor="end">
            {text}
          </text>
        </g>
      ))}
      {across.ticks.map(({ value, text }) => (
        <g key={`x${value}`}>
          <line class="axis" x1={across.place(value)} x2={across.place(value)} y1={bottom} y2={bottom + 4} />
          <text class="tick" x={across.place(value)} y={bottom + 17} text-anchor="middle">
            {text}
          </text>
        </g>
      ))}
      <line class="axis" x1={MARGIN.left} x2={width - MARGIN.right} y1={bottom} y2={bottom} />
      <text class="label" x={width - MARGIN.right} y={height - 5} text-anchor="end">
        {x.label} →
      </text>
      <text class="label" x={2} y={12}>
        ↑ {y.label}
      </text>
      {children({ x: across.place, y: up.place })}
    </svg>
  );
}

interface Scale {
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
  /** Where a value lies, in tenths of a unit. */
  place(value: number): number;
}

function scaleOf({ domain, whole, marks, log, mirrored }: Axis, [from, to]: readonly [number, number]): Scale {
  const scale = log ? scaleLog([...domain], [from, to]) : scaleLinear([...domain], [from, to]);
  // By itself a logarithmic scale writes 0.1 as 100m.
  const format = log ? scale.tickFormat(5, '~g') : scale.tickFormat(5);
  const ticks = scale.ticks(5).filter((value) => !whole || Number.isInteger(value));
  return {
    ticks: marks
      ? marks.map((value) => ({ value, text: String(value) }))
      : ticks
          .map((value) => ({ value, text: format(mirrored ? Math.abs(value) : value) }))
          .filter(({ text }) => text !== ''),
    place: (value) => tenths(scale(value)),
  };
}

/** A line through points. @param steps whether it stays at a height until the next point is reached */
export function Curve({
  frame,
  points,
  kind = 'curve',
  steps = false,
}: {
  readonly frame: Frame;
  readonly points: readonly Point[];
  readonly kind?: string;
  readonly steps?: boolean;
}) {
  const path = line<Point>(
    ([x]) => frame.x(x),
    ([, y]) => frame.y(y),
  );
  return <path class={kind} d={(steps ? path.curve(curveStepBefore) : path)([...points]) ?? ''} />;
}

/** What a kind of line stands for, in a list of class `keys`. */
export function Key({ kind, name }: { readonly kind: string; readonly name: string }) {
  return (
    <li>
      <svg class="key" viewBox="0 0 22 8" aria-hidden="true">
        <path class={kind} d="M0 4H22" />
      </svg>
      {name}
    </li>
  );
}

/** The region between the bounds of a curve. */
export function Band({ frame, band }: { readonly frame: Frame; readonly band: readonly BandPoint[] }) {
  const path = area<BandPoint>(
    ({ x }) => frame.x(x),
    ({ low }) => frame.y(low),
    ({ high }) => frame.y(high),
  );
  return <path class="band" d={path([...band]) ?? ''} />;
}

/** A digit behind the point is as exact as a screen. */
export function tenths(value: number): number {
  return Math.round(10 * value) / 10;
}
