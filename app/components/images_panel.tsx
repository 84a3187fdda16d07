import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { DatasetFacts, FamilyPreview } from '../protocol/images.ts';
import { type Change, isBusy, type State } from '../state.ts';
import { FolderPicker } from './folder_picker.tsx';
import { Raster } from './raster.tsx';
import { Warnings, warnedOf } from './warnings.tsx';

/** Seed of the phantoms; the training has its own. */
const PHANTOM_SEED = 7;

interface Props {
  readonly state: State;
  readonly actions: Actions;
  readonly dispatch: (change: Change) => void;
}

/** The choice of images: phantoms or the user's own. */
export function ImagesPanel({ state, actions, dispatch }: Props) {
  const { source, dataset, families, family } = state;
  const busy = isBusy(state);
  return (
    <section class="card" aria-labelledby="images-title">
      <h2 id="images-title">
        <span class="number">1</span>Images
      </h2>
      <fieldset class="segments" disabled={busy}>
        <legend class="hidden">Where the images come from</legend>
        {(['phantoms', 'folders'] as const).map((value) => (
          <label key={value}>
            <input
              type="radio"
              name="source"
              value={value}
              checked={source === value}
              onChange={() => dispatch({ type: 'source', source: value })}
            />
            <span>{value === 'phantoms' ? 'Phantoms' : 'Your own'}</span>
          </label>
        ))}
      </fieldset>
      {source === 'phantoms' ? (
        <Families
          families={families}
          chosen={family}
          disabled={busy}
          onChoose={(name) => void actions.choosePhantoms(name, PHANTOM_SEED)}
        />
      ) : (
        <FolderPicker disabled={busy} onChoose={actions.chooseImages} onError={actions.fail} />
      )}
      {dataset && <Summary dataset={dataset} />}
    </section>
  );
}

interface FamiliesProps {
  readonly families: readonly FamilyPreview[];
  readonly chosen: string;
  readonly disabled: boolean;
  readonly onChoose: (name: string) => void;
}

function Families({ families, chosen, disabled, onChoose }: FamiliesProps) {
  // Arrow keys walk through the families; what takes a while waits for the button.
  const [wanted, setWanted] = useState('');
  useEffect(() => setWanted(''), [chosen]);
  const name = wanted || chosen;
  return (
    <>
      <fieldset class="families" disabled={disabled}>
        <legend>Phantoms are synthetic images with known lesions: healthy left, diseased right</legend>
        {families.map(({ name: family, title, healthy, diseased }) => (
          <label key={family}>
            <input
              type="radio"
              name="family"
              value={family}
              checked={name === family}
              onChange={() => setWanted(family)}
            />
            <span class="pair">
              <Raster image={healthy} label={`${title}, healthy`} />
              <Raster image={diseased} label={`${title}, diseased`} />
            </span>
            <span class="family-title">{title}</span>
          </label>
        ))}
      </fieldset>
      <button type="button" id="use-phantoms" disabled={disabled || name === ''} onClick={() => onChoose(name)}>
        Make these images
      </button>
    </>
  );
}

function Summary({ dataset }: { dataset: DatasetFacts }) {
  const { name, kind, counts, lines } = dataset;
  const [warnings, others] = warnedOf(lines);
  const both = (split: 'valid' | 'test') => `${counts[split].normal} normal, ${counts[split].abnormal} abnormal`;
  return (
    <div class="summary">
      <p>
        <strong>{name}</strong>, {kind === 'pixel' ? 'with lesion masks' : 'labels only'}
      </p>
      <dl>
        <div>
          <dt>To learn from</dt>
          <dd>{both('valid')}</dd>
        </div>
        <div>
          <dt>To test on</dt>
          <dd>{both('test')}</dd>
        </div>
      </dl>
      <Warnings warnings={warnings} />
      <details>
        <summary>What is used of the folder, and what is not</summary>
        <ul>
          {others.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      </details>
    </div>
  );
}
