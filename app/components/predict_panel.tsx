import { useEffect } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { Given } from '../dropped.ts';
import type { GivenFile } from '../protocol/images.ts';
import { isBusy, type State } from '../state.ts';
import { DropZone } from './drop_zone.tsx';

/** Images without labels, scored by the adapters at hand. */
export function PredictPanel({ state, actions }: { state: State; actions: Actions }) {
  const { adapters, keep } = state;
  const disabled = isBusy(state) || !adapters;
  const take = ({ folder, files }: Given) => {
    const named = folder === null ? files : files.map(({ path, blob }) => ({ path: `${folder}/${path}`, blob }));
    void actions.predict(named, keep);
  };
  useEffect(() => {
    if (disabled) return undefined;
    const paste = (event: ClipboardEvent) => {
      const files = [...(event.clipboardData?.files ?? [])].filter(({ type }) => type.startsWith('image/'));
      if (files.length === 0) return;
      event.preventDefault();
      void actions.predict(files.map(pasted), keep);
    };
    addEventListener('paste', paste);
    return () => removeEventListener('paste', paste);
  }, [disabled, actions, keep]);
  return (
    <section class="card" aria-labelledby="predict-title">
      <h2 id="predict-title">
        <span class="number">4</span>New images
      </h2>
      <p class="hint">
        {adapters
          ? 'Each gets a score, a decision and a map; no labels or masks are needed.'
          : 'Train, or load adapters; then images without labels can be scored here.'}
      </p>
      <DropZone
        name="predict"
        title="Drop images or folders"
        hint="pictures, DICOM series, NIfTI volumes; or paste a picture with Ctrl+V"
        disabled={disabled}
        files
        onGiven={take}
        onError={actions.fail}
      />
    </section>
  );
}

/** Pasted pictures are all called the same. */
function pasted(blob: File, index: number): GivenFile {
  const type = /png|jpeg|tiff|bmp/.exec(blob.type)?.[0] ?? 'png';
  const clock = new Date().toTimeString().slice(0, 8).replaceAll(':', '.');
  return { path: `pasted ${clock}${index > 0 ? ` ${index + 1}` : ''}.${type}`, blob };
}
