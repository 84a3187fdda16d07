/** @jsxImportSource preact */
import { Chart } from './chart.tsx';
import type { Prediction } from './read_run.ts';

/** Bars over the whole range of scores. */
const BINS = 24;

/** How many images of each class have which score, normal ones upwards and abnormal ones behind them, and the threshold. */
export function ScoreChart({
  predictions,
  threshold,
}: {
  predictions: readonly Prediction[];
  threshold: number | null;
}) {
  const scores = predictions.map(({ score }) => score);
  const low = Math.min(...scores, threshold ?? Number.POSITIVE_INFINITY);
  const high = Math.max(...scores, threshold ?? Number.NEGATIVE_INFINITY);
  const width = high > low ? (high - low) / BINS : 1;
  const counts = ([0, 1] as const).map((label) => {
    const bins = new Array<number>(BINS).fill(0);
    for (const one of predictions) {
      if (one.label === label) bins[Math.min(BINS - 1, Math.floor((one.score - low) / width))]++;
    }
    return bins;
  });
  const most = Math.max(...counts.flat(), 1);
  return (
    <Chart
      title="How many images of each class have which score"
      x={{ label: 'score', domain: [low, low + BINS * width] }}
      y={{ label: 'images', domain: [0, most] }}
    >
      {(frame) => (
        <>
          {counts.map((bins, label) =>
            bins.map((count, i) => {
              if (count === 0) return null;
              const half = (frame.x(low + width) - frame.x(low)) / 2;
              const x = frame.x(low + i * width) + label * half;
              return (
                <rect
                  key={`${label}.${i}`}
                  class={label === 0 ? 'normal' : 'abnormal'}
                  x={x.toFixed(1)}
                  y={frame.y(count).toFixed(1)}
                  width={Math.max(1, half - 0.6).toFixed(1)}
                  height={(frame.y(0) - frame.y(count)).toFixed(1)}
                />
              );
            }),
          )}
          {threshold !== null && (
            <line
              class="threshold"
              x1={frame.x(threshold)}
              x2={frame.x(threshold)}
              y1={frame.y(0)}
              y2={frame.y(most)}
            />
          )}
        </>
      )}
    </Chart>
  );
}
