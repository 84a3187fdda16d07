import { useEffect, useReducer, useState } from 'preact/hooks';
import { MachineChip } from '../components/machine.tsx';
import { ChoicePanel } from './choice_panel.tsx';
import { CodePanel } from './code_panel.tsx';
import { DispatchPanel } from './dispatch_panel.tsx';
import { ErrorPanel } from './error_panel.tsx';
import { OwnPanel } from './own_panel.tsx';
import { LabSession } from './session.ts';
import { StoredPanel } from './stored_panel.tsx';
import { TimePanel } from './time_panel.tsx';

/** The whole page of the lab. */
export function Lab() {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [session] = useState(() => new LabSession(() => redraw(undefined)));
  const { start, dead, job, error, busy } = session.state;
  useEffect(() => {
    document.title = `${job.own ? 'own kernel' : job.kernel} · fusionclip kernel lab`;
  }, [job]);
  return (
    <>
      <header class="top">
        <div>
          <h1>fusionclip kernel lab</h1>
          <p>Edit a kernel and run it on this GPU, against its float64 reference.</p>
        </div>
        {start && <MachineChip facts={start.adapter} />}
      </header>
      {dead !== null ? (
        <main class="only">
          <section class="card trouble" role="alert">
            <h2>This page cannot compute here</h2>
            <p class="reason">{dead}</p>
            <p>
              It needs WebGPU: a current Chrome, Edge, Safari or Firefox, over <code>https://</code> or from{' '}
              <code>localhost</code>. Load the page again to try once more.
            </p>
          </section>
        </main>
      ) : (
        <main data-busy={busy ?? 'no'}>
          <div class="setup">
            <ChoicePanel session={session} />
            {job.own ? <OwnPanel session={session} own={job.own} /> : <DispatchPanel session={session} />}
          </div>
          <div class="results">
            {error && (
              <div class="card trouble" role="alert">
                <p>{error}</p>
                <button type="button" aria-label="Dismiss" onClick={() => session.dismiss()}>
                  ×
                </button>
              </div>
            )}
            <CodePanel session={session} />
            <div class="lab-results">
              <ErrorPanel session={session} />
              <TimePanel session={session} />
              {!job.own && <StoredPanel session={session} />}
            </div>
          </div>
        </main>
      )}
      <footer>
        The kernels, references and benches of this library; what you write stays in the address of this page. Models
        are trained with them in <a href="./">fusionclip</a>.
      </footer>
    </>
  );
}
