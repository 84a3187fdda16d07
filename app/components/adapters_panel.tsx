import type { Actions } from '../actions.ts';
import { isBusy, type State } from '../state.ts';
import { strange } from './strange.ts';

/** Trained adapters out of the page and into it. */
export function AdaptersPanel({ state, actions }: { state: State; actions: Actions }) {
  const { adapters, dataset, keep } = state;
  const disabled = isBusy(state);
  return (
    <section class="card" aria-labelledby="adapters-title">
      <h2 id="adapters-title">
        <span class="number">3</span>Adapters
      </h2>
      {adapters ? (
        <>
          <p>At hand: trained on {adapters.trainedOn}.</p>
          {strange(state).map((sentence) => (
            <p class="warning" key={sentence}>
              {sentence}
            </p>
          ))}
          {state.outcome && (
            <button type="button" id="save-adapters" disabled={disabled} onClick={() => void actions.take('adapters')}>
              Save adapters <span class="hint">{Math.ceil(adapters.bytes / 1024)} KiB</span>
            </button>
          )}
          <p class="hint">{adapters.hold}</p>
          <details>
            <summary>The same scores on the command line</summary>
            <code class="command">fusionclip predict IMAGE… --adapters {adapters.name}</code>
          </details>
        </>
      ) : (
        <p class="hint">
          Adapters are the small layers that training adds to the frozen model: what it has learned, in one file. After
          training they can be saved, for this page and for the command line.
        </p>
      )}
      <label class={disabled ? 'button disabled' : 'button'}>
        Load adapters…
        <input
          type="file"
          accept=".safetensors"
          id="load-adapters"
          disabled={disabled}
          onChange={({ currentTarget }) => {
            const [file] = currentTarget.files ?? [];
            if (file) void actions.useAdapters(file, dataset !== null, keep);
            currentTarget.value = '';
          }}
        />
      </label>
      <p class="hint">
        {dataset
          ? `Scores the test images of ${dataset.name} without training.`
          : 'Then new images can be scored below, or the test images of a data set.'}
      </p>
    </section>
  );
}
