import { useEffect, useMemo, useReducer, useState } from 'preact/hooks';
import { actionsOver, open } from '../actions.ts';
import { startWorker } from '../client.ts';
import type { Outcome } from '../protocol.ts';
import { reduce, START } from '../state.ts';
import { AdaptersPanel } from './adapters_panel.tsx';
import { ImagesPanel } from './images_panel.tsx';
import { MachineChip, NoMachine } from './machine.tsx';
import { MapsPanel } from './maps_panel.tsx';
import { RunPanel } from './run_panel.tsx';
import { ScoresPanel, startThreshold } from './scores_panel.tsx';
import { useShown } from './shown.ts';
import { TrainingPanel } from './training_panel.tsx';
import { Welcome } from './welcome.tsx';

/** The whole page. */
export function App() {
  const [state, dispatch] = useReducer(reduce, START);
  const client = useMemo(() => startWorker((event) => dispatch({ type: 'worker', event })), []);
  const actions = useMemo(() => actionsOver(client, dispatch), [client]);
  useEffect(() => void open(client, dispatch), [client]);
  const { phase, machine, outcome, error, losses } = state;
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
        <main class="only">
          <NoMachine reason={error ?? ''} />
        </main>
      ) : (
        <main data-phase={phase}>
          <div class="setup">
            <ImagesPanel state={state} actions={actions} dispatch={dispatch} />
            <TrainingPanel state={state} actions={actions} dispatch={dispatch} />
            <AdaptersPanel state={state} actions={actions} />
          </div>
          <div class="results">
            {error && <Alert key={error} text={error} onDismiss={() => dispatch({ type: 'dismiss' })} />}
            {running && <RunPanel state={state} actions={actions} />}
            {outcome && <Results key={outcome.adapters} outcome={outcome} actions={actions} />}
            {!running && !outcome && <Welcome dataset={state.dataset} />}
          </div>
        </main>
      )}
      <footer>A toy and a tool for research; not a medical device.</footer>
    </>
  );
}

function Alert({ text, onDismiss }: { text: string; onDismiss: () => void }) {
  const card = useShown<HTMLDivElement>();
  return (
    <div ref={card} class="card trouble" role="alert">
      <p>{text}</p>
      <button type="button" aria-label="Dismiss" onClick={onDismiss}>
        ×
      </button>
    </div>
  );
}

/** Scores and maps, which share the threshold of the image score. */
function Results({ outcome, actions }: { outcome: Outcome; actions: ReturnType<typeof actionsOver> }) {
  const [threshold, setThreshold] = useState(() => startThreshold(outcome));
  return (
    <>
      <ScoresPanel outcome={outcome} threshold={threshold} onThreshold={setThreshold} />
      <MapsPanel outcome={outcome} threshold={threshold} actions={actions} />
    </>
  );
}
