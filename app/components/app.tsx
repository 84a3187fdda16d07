import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { type Actions, actionsOver, open } from '../actions.ts';
import { startWorker } from '../client.ts';
import type { Outcome } from '../protocol/results.ts';
import { type Change, isBusy, reduce, START, type State, wouldLose } from '../state.ts';
import { AdaptersPanel } from './adapters_panel.tsx';
import { useFocusKept } from './focus.ts';
import { GoOn } from './go_on.tsx';
import { Guarded } from './guarded.tsx';
import { ImagesPanel } from './images_panel.tsx';
import { MachineChip, NoMachine } from './machine.tsx';
import { MapsPanel } from './maps_panel.tsx';
import { noticeOf } from './notice.ts';
import { PredictPanel } from './predict_panel.tsx';
import { RunPanel } from './run_panel.tsx';
import { ScoresPanel, startThreshold } from './scores_panel.tsx';
import { SessionsPanel } from './sessions_panel.tsx';
import { useShown } from './shown.ts';
import { TakeHome } from './take_home.tsx';
import { useTitle } from './title.ts';
import { TrainingPanel } from './training_panel.tsx';
import { Welcome } from './welcome.tsx';

/** The whole page. */
export function App() {
  const [state, dispatch] = useReducer(reduce, START);
  const client = useMemo(
    () =>
      startWorker(
        (event) => dispatch({ type: 'worker', event }),
        (message) => dispatch({ type: 'failed', message, phase: 'unusable' }),
      ),
    [],
  );
  const actions = useMemo(() => actionsOver(client, dispatch), [client]);
  useEffect(() => void open(client, dispatch, actions), [client]);
  useEffect(() => {
    const look = () => document.visibilityState === 'visible' && actions.refresh();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [actions]);
  useTitle(state);
  useGuard(state);
  useStrayDrops(actions, state.phase !== 'unusable');
  const { phase, machine, outcome, error, losses, kept } = state;
  useFocusKept(phase);
  const running = !['starting', 'idle', 'unusable'].includes(phase) || losses.steps.length > 0;
  return (
    <>
      <header class="top">
        <div>
          <h1>fusionclip</h1>
          <p>Few-shot anomaly detection, trained in this page. No image leaves your machine.</p>
        </div>
        {machine && <MachineChip facts={machine} />}
      </header>
      {phase === 'unusable' ? (
        <main class="only" data-phase="unusable">
          <NoMachine reason={error ?? ''} kept={kept} />
        </main>
      ) : (
        <main data-phase={phase}>
          <div class="setup">
            <ImagesPanel state={state} actions={actions} dispatch={dispatch} />
            <TrainingPanel state={state} actions={actions} dispatch={dispatch} />
            <AdaptersPanel state={state} actions={actions} />
            <PredictPanel state={state} actions={actions} />
            <SessionsPanel state={state} actions={actions} dispatch={dispatch} />
          </div>
          <div class="results">
            {error && <Alert key={error} text={error} state={state} actions={actions} dispatch={dispatch} />}
            {running && <RunPanel state={state} actions={actions} />}
            {outcome && (
              <Guarded key={outcome.session}>
                <Results outcome={outcome} state={state} actions={actions} />
              </Guarded>
            )}
            {!running && !outcome && <Welcome {...{ state, actions, dispatch }} />}
          </div>
        </main>
      )}
      <p class="hidden" role="status" id="notice">
        {noticeOf(state)}
      </p>
      <footer>
        A toy and a tool for research; not a medical device.
        {/* The one file that opens from disk has no other beside it. */}
        {location.protocol.startsWith('http') && (
          <>
            {' '}
            Kernels can be edited, run and timed in the <a href="./lab.html">kernel lab</a>.
          </>
        )}
      </footer>
    </>
  );
}

interface AlertProps {
  readonly text: string;
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

function Alert({ text, state, actions, dispatch }: AlertProps) {
  const card = useShown<HTMLDivElement>();
  const { offer } = state;
  return (
    <div ref={card} class="card trouble" role="alert">
      <div class="trouble-text">
        <p>{text}</p>
        {offer && (
          <GoOn offer={offer} busy={isBusy(state)} onGoOn={(volume) => void actions.goOn(offer, state.keep, volume)} />
        )}
      </div>
      <button type="button" class="dismiss" aria-label="Dismiss" onClick={() => dispatch({ type: 'dismiss' })}>
        ×
      </button>
    </div>
  );
}

/** Scores and maps, which share the threshold of the image score. */
function Results({ outcome, state, actions }: { outcome: Outcome; state: State; actions: Actions }) {
  const [threshold, setThreshold] = useState(() => startThreshold(outcome));
  return (
    <>
      <ScoresPanel outcome={outcome} threshold={threshold} onThreshold={setThreshold} />
      <MapsPanel outcome={outcome} threshold={threshold} actions={actions} />
      <TakeHome outcome={outcome} busy={isBusy(state)} actions={actions} />
    </>
  );
}

/** Asks before the page is left, only while something would be lost with it. */
function useGuard(state: State): void {
  const loses = wouldLose(state);
  useEffect(() => {
    if (!loses) return undefined;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', ask);
    return () => removeEventListener('beforeunload', ask);
  }, [loses]);
}

/** Says of what is dropped beside every field that nothing took it. */
function useStrayDrops({ fail }: Actions, usable: boolean): void {
  useEffect(() => {
    const say = ({ target, dataTransfer }: DragEvent) => {
      if (!usable || !dataTransfer?.types.includes('Files')) return;
      if (!(target instanceof Element && target.closest('[data-zone]'))) fail(STRAY);
    };
    addEventListener('drop', say);
    return () => removeEventListener('drop', say);
  }, [fail, usable]);
}

const STRAY =
  'What was dropped beside the fields was not taken: drop images to learn from on a field of “Your own” in part 1, and new images to score on the field of part 4.';
