import type { Actions } from '../actions.ts';
import { type Given, pickedFiles } from '../dropped.ts';
import { isBusy, type State } from '../state.ts';
import { Deletion } from './deletion.tsx';
import { HubModel } from './hub_model.tsx';
import { sizeText } from './size_text.ts';

/** Models that the user brings: a safetensors file, or a model folder, sharded or not. */
export function OwnModels({ state, actions }: { state: State; actions: Actions }) {
  const { models, wish } = state;
  const disabled = isBusy(state);
  const take = ({ folder, files }: Given) => {
    if (files.length > 0) void actions.addModel(folder ?? files[0].path, files);
  };
  const own = models.filter(({ bytes }) => bytes !== null);
  return (
    <details class="own-models">
      <summary>A model of your own</summary>
      <p class="hint">
        A CLIP as one .safetensors file, or the folder of a model (config.json, tokenizer, one file or several). It is
        checked, and stays in this browser. Browsers give nothing of links, which the cache of Hugging Face is made of.
      </p>
      <div class="zone-buttons">
        {(['file', 'folder'] as const).map((kind) => (
          <label key={kind} class={disabled ? 'button small disabled' : 'button small'}>
            {kind === 'file' ? 'Add a file…' : 'Add a folder…'}
            <input
              type="file"
              id={`model-${kind}`}
              disabled={disabled}
              multiple={kind === 'folder'}
              accept={kind === 'file' ? '.safetensors' : undefined}
              ref={(input) => {
                if (kind === 'folder') input?.setAttribute('webkitdirectory', '');
              }}
              onChange={({ currentTarget }) => {
                const given = pickedFiles(currentTarget);
                currentTarget.value = '';
                take(given);
              }}
            />
          </label>
        ))}
      </div>
      <HubModel disabled={disabled} actions={actions} />
      {own.length > 0 && (
        <ul class="plain">
          {own.map(({ name, bytes, part }) => (
            <li key={name} class="row" data-model={name}>
              <span>
                {name}{' '}
                <span class="hint">
                  {sizeText(bytes!)}
                  {wish.model === name && ', chosen'}
                  {part && ', not whole'}
                </span>
              </span>
              <Deletion name={name} disabled={disabled} onDelete={() => void actions.deleteModel(name)} />
            </li>
          ))}
        </ul>
      )}
    </details>
  );
}
