import { ACCEPTABLE } from '../../src/volume/accept.ts';
import { GREYS } from '../protocol.ts';
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
  readonly onGoOn: () => void;
}

/** The way on with images that were refused: without some files, or with series as they are. */
export function GoOn({ offer: { more }, busy, onGoOn }: Props) {
  const { skip, accept } = more;
  const without = skip.length === 1 ? skip[0] : `these ${skip.length} files`;
  return (
    <>
      {accept.map((word) => (
        <p key={word}>What can be done all the same: {WAYS[word]}.</p>
      ))}
      <button type="button" id="go-on" disabled={busy} onClick={onGoOn}>
        {skip.length > 0 ? `Go on without ${without}` : 'Go on all the same'}
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
