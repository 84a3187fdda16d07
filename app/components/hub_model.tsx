import { useMemo, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import { ownHub } from '../hub.ts';

/** A model of a hub by its name, where the page may reach one; else how it comes here all the same. */
export function HubModel({ disabled, actions }: { disabled: boolean; actions: Actions }) {
  const hub = useMemo(ownHub, []);
  const [name, setName] = useState('');
  if (!hub) {
    return (
      <p class="hint">
        This page reaches no model hub: <code>fusionclip model pull ORG/NAME --out FOLDER</code> fetches a model of one;
        add that folder then.
      </p>
    );
  }
  const fetch = () => {
    if (name.trim() !== '' && !disabled) void actions.fetchModel(hub, name);
  };
  return (
    <div class="field">
      <label for="hub-model">Or from {new URL(hub).host}, by name</label>
      <div class="row hub">
        {/* It stands in the form of a training, which Enter must not begin. */}
        <input
          id="hub-model"
          type="text"
          placeholder="ORG/NAME"
          spellcheck={false}
          autocapitalize="off"
          value={name}
          onInput={({ currentTarget }) => setName(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            fetch();
          }}
        />
        <button type="button" id="hub-fetch" class="small" disabled={disabled || name.trim() === ''} onClick={fetch}>
          Fetch
        </button>
      </div>
    </div>
  );
}
