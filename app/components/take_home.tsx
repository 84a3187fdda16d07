import type { Actions } from '../actions.ts';
import type { Export } from '../protocol/calls.ts';
import type { Outcome } from '../protocol/results.ts';

const FILES: readonly (readonly [Export, string, string])[] = [
  ['predictions', 'predictions.csv', 'a row for each image'],
  ['results', 'results.json', 'all numbers'],
  ['report', 'report.html', 'one file without scripts'],
  ['everything', 'Everything as .zip', 'with maps (PNG, npy, of volumes NIfTI) and adapters'],
];

interface Props {
  readonly outcome: Outcome;
  readonly busy: boolean;
  readonly actions: Actions;
}

/** The results as files, the same as the command line writes. */
export function TakeHome({ outcome, busy, actions }: Props) {
  const { kind } = outcome;
  return (
    <section class="card" aria-labelledby="home-title">
      <h2 id="home-title">Take it home</h2>
      <div class="files">
        {FILES.map(([what, name, hint]) =>
          what === 'report' && kind !== 'train' ? null : (
            <button
              key={what}
              type="button"
              id={`take-${what}`}
              disabled={busy}
              onClick={() => void actions.take(what)}
            >
              {what === 'results' && kind === 'predict' ? 'predictions.json' : name}
              <span class="hint">{hint}</span>
            </button>
          ),
        )}
      </div>
      <p class="hint">
        Heat maps show the images{kind === 'train' && ', and report.html shows some of them'}. {outcome.adapters.hold}
      </p>
    </section>
  );
}
