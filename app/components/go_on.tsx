import { useState } from 'preact/hooks';
import { ACCEPTABLE } from '../../src/volume/accept.ts';
import { GREYS } from '../protocol/images.ts';
import type { Offer } from '../state.ts';

/** What is done with what was refused. */
const WAYS: Readonly<Record<string, string>> = {
  ...ACCEPTABLE,
  [GREYS]:
    'the images are scored with their grey levels as they are; a score says less of images unlike those of the training',
};

interface Props {
  readonly offer: Offer;
  readonly busy: boolean;
  readonly onGoOn: (volume?: number) => void;
}

/** The way on with images that were refused: without some files, with series as they are, or with one volume of each file. */
export function GoOn({ offer: { more, volumes }, busy, onGoOn }: Props) {
  const [volume, setVolume] = useState(0);
  const { skip, accept } = more;
  const without = skip.length === 1 ? skip[0] : `these ${skip.length} files`;
  return (
    <>
      {accept.map((word) => (
        <p key={word}>What can be done all the same: {WAYS[word]}.</p>
      ))}
      {volumes > 0 && (
        <label>
          Volume to take, 0 to {volumes - 1}{' '}
          <input
            id="volume"
            type="number"
            min={0}
            max={volumes - 1}
            value={volume}
            onInput={({ currentTarget: { valueAsNumber } }) => setVolume(valueAsNumber)}
          />
        </label>
      )}
      <button
        type="button"
        id="go-on"
        disabled={busy || !(volumes === 0 || (Number.isInteger(volume) && volume >= 0 && volume < volumes))}
        onClick={() => onGoOn(volumes > 0 ? volume : undefined)}
      >
        {skip.length > 0 ? `Go on without ${without}` : volumes > 0 ? 'Go on with this volume' : 'Go on all the same'}
      </button>
      {skip.length > 1 && (
        <details>
          <summary>Which they are</summary>
          <ul>
            {skip.map((file) => (
              <li key={file}>{file}</li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}
