import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import { isBusy, type State } from '../state.ts';

/** Trained adapters out of the page and into it. */
export function AdaptersPanel({ state, actions }: { state: State; actions: Actions }) {
  const { outcome, dataset } = state;
  const disabled = isBusy(state) || !dataset;
  return (
    <section class="card" aria-labelledby="adapters-title">
      <h2 id="adapters-title">
        <span class="number">3</span>Adapters
      </h2>
      {outcome ? (
        <Download blob={outcome.adapters} name={outcome.adaptersName} contains={outcome.adaptersHold} />
      ) : (
        <p class="hint">After training the adapters can be saved as one file, here and for the command line.</p>
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
            if (file) void actions.useAdapters(file);
            currentTarget.value = '';
          }}
        />
      </label>
      <p class="hint">
        {dataset ? `Scores the test images of ${dataset.name} without training.` : 'Choose images first.'}
      </p>
    </section>
  );
}

function Download({ blob, name, contains }: { blob: Blob; name: string; contains: string }) {
  const [address, setAddress] = useState('');
  useEffect(() => {
    const made = URL.createObjectURL(blob);
    setAddress(made);
    return () => URL.revokeObjectURL(made);
  }, [blob]);
  return (
    <div class="download">
      <a class="button" id="save-adapters" href={address} download={name}>
        Save adapters <span class="hint">{Math.ceil(blob.size / 1024)} KiB</span>
      </a>
      <p class="hint">{contains}</p>
      <p class="hint">The command line gives the same scores with them:</p>
      <code class="command">fusionclip predict IMAGE… --adapters {name}</code>
    </div>
  );
}
