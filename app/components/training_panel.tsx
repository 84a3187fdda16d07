import type { Actions } from '../actions.ts';
import type { TrainingWish } from '../protocol.ts';
import { type Change, isBusy, type State } from '../state.ts';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** Settings of the training, and the button that starts it. */
export function TrainingPanel({ state, actions, dispatch }: Props) {
  const { dataset, wish, models, phase } = state;
  const change = (part: Partial<TrainingWish>) => dispatch({ type: 'wish', wish: part });
  const number = (name: 'shots' | 'epochs' | 'seed', least: number, most: number) => (
    <input
      id={name}
      type="number"
      required={name !== 'epochs'}
      placeholder="auto"
      min={least}
      max={most}
      step={1}
      value={wish[name] ?? ''}
      onInput={({ currentTarget: { value } }) => change({ [name]: value === '' ? null : Number(value) })}
    />
  );
  const embedded = models.length > 1;
  return (
    <section class="card" aria-labelledby="training-title">
      <h2 id="training-title">
        <span class="number">2</span>Training
      </h2>
      <form
        class="settings"
        onSubmit={(event) => {
          event.preventDefault();
          void actions.train(wish);
        }}
      >
        <fieldset disabled={isBusy(state)}>
          <legend class="hidden">Settings</legend>
          <div class="field wide">
            <label for="model">Model</label>
            <select
              id="model"
              value={wish.model}
              onChange={({ currentTarget }) => change({ model: currentTarget.value })}
            >
              {models.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
            {models.length > 0 && !embedded && (
              <p class="hint">This build carries no trained model: results show that the page works, no more.</p>
            )}
          </div>
          <div class="field wide">
            <label for="object">What the images show</label>
            <input
              id="object"
              type="text"
              required
              value={wish.object}
              placeholder="e.g. chest X-ray"
              onInput={({ currentTarget }) => change({ object: currentTarget.value })}
            />
          </div>
          <div class="field">
            <label for="shots">Shots a class</label>
            {number('shots', 1, 1000)}
          </div>
          <div class="field">
            <label for="epochs">Epochs</label>
            {number('epochs', 1, 10_000)}
          </div>
          <div class="field">
            <label for="seed">Seed</label>
            {number('seed', 0, 2 ** 32 - 1)}
          </div>
        </fieldset>
        <div class="buttons">
          <button type="submit" class={phase === 'paused' ? '' : 'primary'} disabled={!dataset || isBusy(state)}>
            {phase === 'paused' ? 'Start anew' : 'Train'}
          </button>
        </div>
      </form>
    </section>
  );
}
