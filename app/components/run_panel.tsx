import { Chart, Curve } from '../../src/report/chart.tsx';
import type { Actions } from '../actions.ts';
import type { Phase, State } from '../state.ts';
import { Notes } from './notes.tsx';
import { progressOf } from './progress_text.ts';
import { useShown } from './shown.ts';
import { useWidth } from './width.ts';

/** Headings of the phases. */
const HEADINGS: Readonly<Record<Phase, string>> = {
  starting: 'Starting',
  unusable: '',
  idle: 'Trained',
  preparing: 'Preparing',
  training: 'Training',
  pausing: 'Training',
  paused: 'Paused',
  scoring: 'Scoring',
  stopping: 'Stopping',
};

/** Progress of what runs, its pause button, and the losses of the training. */
export function RunPanel({ state, actions }: { state: State; actions: Actions }) {
  const { phase, losses, progress, notes, session } = state;
  const { fraction, text } = progressOf(state, Date.now());
  const last = losses.values.at(-1);
  // Scores of other images or weights have nothing to do with the losses of the last training.
  const training = !['scoring', 'stopping', 'preparing'].includes(phase);
  // Images are read in a moment, and the user is choosing them up there.
  const card = useShown(phase !== 'preparing');
  return (
    <section ref={card} class="card" aria-labelledby="run-title">
      <div class="bar">
        <h2 id="run-title" aria-live="polite">
          {HEADINGS[phase]}
        </h2>
        {(phase === 'training' || phase === 'pausing') && (
          <button type="button" id="pause" disabled={phase === 'pausing'} onClick={() => actions.pause()}>
            {phase === 'pausing' ? 'Pausing…' : 'Pause'}
          </button>
        )}
        {['preparing', 'scoring', 'stopping'].includes(phase) && (
          <button type="button" id="cancel" disabled={phase === 'stopping'} onClick={() => actions.pause()}>
            {phase === 'stopping' ? 'Stopping…' : 'Cancel'}
          </button>
        )}
        {phase === 'paused' && (
          <button type="button" id="resume" class="primary" onClick={() => void actions.resume()}>
            Resume
          </button>
        )}
      </div>
      {phase !== 'idle' && (
        <div class={phase === 'paused' ? 'progress still' : 'progress'}>
          <progress max={1} value={fraction} aria-label="Progress" />
          <p>{text}</p>
        </div>
      )}
      {training && progress && losses.steps.length > 0 && (
        <LossChart key={progress.steps} losses={losses} steps={progress.steps} />
      )}
      {training && progress && last !== undefined && (
        <p class="hint">
          Loss {last.toPrecision(4)} at step {progress.step} of {progress.steps}
        </p>
      )}
      {/* When it is done they stand with its results. */}
      {phase !== 'idle' && <Notes notes={notes} />}
      {phase === 'paused' && session?.needs && (
        <p class="warning">
          This session does not keep its images: give the folder {session.needs} again, then resume.
        </p>
      )}
    </section>
  );
}

function LossChart({ losses: { steps: at, values }, steps }: { losses: State['losses']; steps: number }) {
  const { block, width } = useWidth();
  const points = at.map((step, i) => [step, values[i]] as const);
  const title = `Loss of ${at.length} steps, from ${values[0].toPrecision(3)} to ${values.at(-1)!.toPrecision(3)}`;
  return (
    <div ref={block}>
      <Chart
        title={title}
        size={[width, 220]}
        x={{ label: 'step', domain: [0, steps], whole: true }}
        y={{ label: 'loss', domain: [0, 1.05 * Math.max(...values)] }}
      >
        {(frame) => (
          <>
            <Curve frame={frame} points={points} />
            {steps <= 30 && points.map(([x, y]) => <circle key={x} cx={frame.x(x)} cy={frame.y(y)} r="3" />)}
          </>
        )}
      </Chart>
    </div>
  );
}
