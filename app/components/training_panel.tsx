import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { TrainingWish } from '../protocol/training.ts';
import { type Change, isBusy, type State } from '../state.ts';
import { Help } from './help.tsx';
import { OwnModels } from './own_models.tsx';
import { SupportImages } from './support_images.tsx';

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** Settings of the training, and the button that starts it. */
export function TrainingPanel({ state, actions, dispatch }: Props) {
  const { dataset, wish, models, phase, keep } = state;
  const [anew, setAnew] = useState(false);
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
  const whole = models.filter(({ part }) => !part);
  const embedded = models.some(({ name }) => name === 'tiny-clip');
  const paused = phase === 'paused';
  useEffect(() => setAnew(false), [paused]);
  // Before there is anything to show they stand beside the settings.
  const running = state.losses.steps.length > 0 || state.outcome !== null || isBusy(state) || paused;
  return (
    <section class="card" aria-labelledby="training-title">
      <h2 id="training-title">
        <span class="number">2</span>Training
      </h2>
      <form
        class="settings"
        onSubmit={(event) => {
          event.preventDefault();
          if (paused && !anew) return setAnew(true);
          setAnew(false);
          void actions.train(wish, keep);
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
              {whole.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
            {models.length > 0 && !embedded && (
              <p class="hint">This build carries no trained model: results show that the page works, no more.</p>
            )}
            <OwnModels state={state} actions={actions} />
          </div>
          <div class="field wide">
            <span class="named">
              <label for="object">What the images show</label>
              <Help name="object" about="What the images show">
                The words that stand in the sentences the images are compared with: “a photo of a flawless …”. Say what
                is in the picture, e.g. “chest X-ray”.
              </Help>
            </span>
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
            <span class="named">
              <label for="shots">Shots a class</label>
              <Help name="shots" about="Shots a class">
                How many normal and how many abnormal images it learns from.
              </Help>
            </span>
            {number('shots', 1, 1000)}
          </div>
          <div class="field">
            <span class="named">
              <label for="epochs">Epochs</label>
              <Help name="epochs" about="Epochs">
                How many times it goes through these images.
              </Help>
            </span>
            {number('epochs', 1, 10_000)}
          </div>
          <div class="field">
            <span class="named">
              <label for="seed">Seed</label>
              <Help name="seed" about="Seed">
                Which images are drawn, and in which order. Equal seeds give equal results.
              </Help>
            </span>
            {number('seed', 0, 2 ** 32 - 1)}
          </div>
        </fieldset>
        {dataset && running && (
          <details class="learned-from">
            <summary>The images to learn from</summary>
            <SupportImages {...{ state, actions, dispatch }} />
          </details>
        )}
        {paused && (
          <p class="hint">
            {anew
              ? 'The paused training stays in “Kept work”. Begin a new one with these settings?'
              : 'Resume keeps the settings that the training began with; these are for a new one.'}
          </p>
        )}
        {!dataset && <p class="hint">It learns from the images of part 1: choose some first.</p>}
        <div class="buttons">
          <button type="submit" class={paused ? '' : 'primary'} disabled={!dataset || isBusy(state)}>
            {paused ? (anew ? 'Yes, begin anew' : 'Start anew') : 'Train'}
          </button>
        </div>
      </form>
    </section>
  );
}
