/** @jsxImportSource preact */
import { Chart, Curve } from './chart.tsx';
import type { Point } from './curves.ts';
import type { RunRecord } from './read_run.ts';

/** The loss of every step with its parts, and what weights were compared by. */
export function LossCharts({ run: { steps, selection } }: { run: RunRecord }) {
  if (steps.length === 0) return <p>The run has no log of its steps.</p>;
  const end = Math.max(2, steps[steps.length - 1].step);
  const total = steps.map(({ step, loss }): Point => [step, loss]);
  const names = Object.keys(steps[0].parts);
  return (
    <div class="charts">
      <figure>
        <Chart
          title={`Loss of ${steps.length} steps, ${total[0][1].toFixed(2)} at first and ${total[total.length - 1][1].toFixed(2)} at last`}
          x={{ label: 'step', domain: [1, end] }}
          y={{ label: 'loss', domain: [0, Math.max(...total.map(([, loss]) => loss))] }}
        >
          {(frame) => (
            <>
              {names.map((name) => (
                <Curve
                  key={name}
                  frame={frame}
                  points={steps.map(({ step, parts }) => [step, parts[name] ?? 0])}
                  kind="faint"
                />
              ))}
              <Curve frame={frame} points={total} />
            </>
          )}
        </Chart>
        <figcaption>
          Loss of a step; thin: its {names.length} parts ({kindsOf(names)} of each branch and layer)
        </figcaption>
      </figure>
      {selection.length > 1 && <SelectionChart run={{ selection }} end={end} />}
    </div>
  );
}

function SelectionChart({ run: { selection }, end }: { run: Pick<RunRecord, 'selection'>; end: number }) {
  const pixel = selection.every((point) => point.pixel !== null);
  return (
    <figure>
      <Chart
        title="AUROC on the images that weights are compared on"
        x={{ label: 'step', domain: [1, end] }}
        y={{ label: 'AUROC', domain: [0, 1] }}
      >
        {(frame) => (
          <>
            <Curve frame={frame} points={selection.map(({ step, image }) => [step, image])} />
            {pixel && (
              <Curve frame={frame} points={selection.map((point) => [point.step, point.pixel ?? 0])} kind="second" />
            )}
          </>
        )}
      </Chart>
      <figcaption>What weights were chosen by: image AUROC{pixel ? ', and in blue pixel AUROC' : ''}</figcaption>
    </figure>
  );
}

/** `focal and dice` of `focal.gal.1`, `dice.gal.1`, … */
function kindsOf(names: readonly string[]): string {
  return [...new Set(names.map((name) => name.split('.')[0]))].join(' and ');
}
