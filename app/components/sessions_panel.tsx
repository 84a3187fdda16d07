import { useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import { type Change, isBusy, type State } from '../state.ts';
import { Comparison, dayText } from './comparison.tsx';
import { Deletion } from './deletion.tsx';
import { show } from './scores_panel.tsx';
import { sizeText } from './size_text.ts';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** What the page keeps. */
export function SessionsPanel({ state, actions, dispatch }: Props) {
  const { kept, session, keep } = state;
  const sessions = kept?.sessions ?? [];
  const [compared, setCompared] = useState<readonly string[]>([]);
  const chosen = sessions.filter(({ id }) => compared.includes(id));
  const toggle = (id: string) =>
    setCompared((before) => {
      const there = before.filter((each) => sessions.some((one) => one.id === each));
      return there.includes(id) ? there.filter((each) => each !== id) : [...there, id].slice(-2);
    });
  return (
    <section class="card" aria-labelledby="sessions-title">
      <h2 id="sessions-title">Kept work</h2>
      <p class="hint">
        {kept?.lasting === false
          ? 'This browser keeps nothing for a page opened like this: save what you need before you close it.'
          : 'Trainings, checkpoints and results stay in this browser, on this machine, until you delete them.'}
      </p>
      <label class="check">
        <input
          type="checkbox"
          id="keep-images"
          checked={keep}
          onChange={() => dispatch({ type: 'keep', keep: !keep })}
        />
        Keep my images with them
      </label>
      {sessions.length > 0 && (
        <ul class="sessions scrolls">
          {sessions.map((each) => (
            <Row
              key={each.id}
              session={each}
              open={each.id === session?.id}
              busy={isBusy(state)}
              compared={compared.includes(each.id)}
              onCompare={() => toggle(each.id)}
              actions={actions}
            />
          ))}
        </ul>
      )}
      {chosen.length === 2 && <Comparison key={compared.join()} sessions={chosen} compare={actions.compare} />}
    </section>
  );
}

interface RowProps {
  readonly session: SessionFile;
  readonly open: boolean;
  readonly busy: boolean;
  readonly compared: boolean;
  readonly onCompare: () => void;
  readonly actions: Actions;
}

function Row({ session, open, busy, compared, onCompare, actions }: RowProps) {
  const { id, name, kind, created, finished, figures, bytes } = session;
  const what = finished ? { train: 'trained', evaluate: 'scored', predict: 'scored' }[kind] : 'not finished';
  const day = dayText(created);
  return (
    <li class={open ? 'open' : ''} data-session={id}>
      {session.damaged ? (
        <p>A session that cannot be read: its file is damaged, or of another version of this page.</p>
      ) : (
        <>
          <input
            type="text"
            aria-label={`Name of the session of ${day}`}
            maxLength={120}
            value={name}
            onChange={({ currentTarget }) => void actions.renameSession(id, currentTarget.value.trim() || name)}
          />
          <p class="hint">
            {day} · {what}
            {figures && ` · image AUROC ${show(figures.image)}`}
            {bytes > 0 && ` · ${sizeText(bytes)}`}
          </p>
        </>
      )}
      <Deletion
        name={name || 'the session that cannot be read'}
        disabled={busy && open}
        onDelete={() => void actions.deleteSession(id)}
      >
        {!session.damaged && (
          <button
            type="button"
            class="small"
            data-do="open"
            disabled={busy}
            onClick={() => void actions.openSession(id)}
          >
            Open<span class="hidden"> {name}</span>
          </button>
        )}
        {finished && !session.damaged && (
          <label class="check">
            <input type="checkbox" checked={compared} onChange={onCompare} />
            Compare<span class="hidden"> {name}</span>
          </label>
        )}
      </Deletion>
    </li>
  );
}
