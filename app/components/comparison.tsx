import { useEffect, useState } from 'preact/hooks';
import type { Actions } from '../actions.ts';
import type { CalledImage, ComparedResults } from '../protocol/comparison.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import { show } from './scores_panel.tsx';

/** When a session was begun. */
export function dayText(created: string): string {
  return new Date(created).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}

interface Props {
  /** Two of them. */
  readonly sessions: readonly SessionFile[];
  readonly compare: Actions['compare'];
}

/** Two finished sessions side by side: what made them, their figures, and the images that they call differently. */
export function Comparison({ sessions, compare }: Props) {
  const [results, setResults] = useState<ComparedResults | string | null>(null);
  const [first, second] = sessions.map(({ id }) => id);
  useEffect(() => {
    let gone = false;
    compare(first, second).then(
      (found) => gone || setResults(found),
      (error: Error) => gone || setResults(error.message),
    );
    return () => {
      gone = true;
    };
  }, [first, second, compare]);
  const found = typeof results === 'string' ? null : results;
  const figures: readonly (readonly [string, (session: SessionFile, k: number) => string])[] = [
    ['Begun', ({ created }) => dayText(created)],
    ['Images', sourceText],
    ['Weights', (_, k) => found?.sides[k].weights ?? '…'],
    ['Images scored', (_, k) => (found ? String(found.sides[k].images) : '…')],
    ['Called abnormal', (_, k) => (found ? (found.sides[k].abnormal?.toString() ?? 'no threshold') : '…')],
    ['Image AUROC', ({ figures }) => show(figures?.image)],
    ['Pixel AUROC', ({ figures }) => show(figures?.pixel)],
    ['Epochs', ({ wish, kind }) => (kind === 'train' ? String(wish?.epochs ?? 'as suits the model') : '–')],
  ];
  return (
    <>
      <table class="comparison">
        <caption class="hidden">Two sessions compared</caption>
        <thead>
          <tr>
            <td />
            {sessions.map(({ id, name }) => (
              <th key={id} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {figures.map(([title, cell]) => (
            <tr key={title}>
              <th scope="row">{title}</th>
              {sessions.map((session, k) => (
                <td key={session.id}>{cell(session, k)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {typeof results === 'string' && <p class="warning">{results}</p>}
      {found && <Differences found={found} names={sessions.map(({ name }) => name)} />}
    </>
  );
}

function sourceText({ source, kind }: SessionFile): string {
  if (kind === 'predict') return 'new ones, without labels';
  return source?.kind === 'phantoms' ? `phantoms: ${source.family}` : (source?.name ?? '–');
}

/** The images that both have scored and only one calls abnormal, those furthest apart first. */
function Differences({ found: { common, ranks, differing }, names }: { found: ComparedResults; names: string[] }) {
  if (common === 0) return <p class="hint">They have no image of the same name in common.</p>;
  const agreement = ranks === null ? '' : ` Rank correlation of their scores: ${ranks.toFixed(3)}.`;
  return (
    <>
      <p class="hint" id="differing">
        {common === 1 ? '1 image' : `${common} images`} of the same name in both; {differing.length} called differently.
        {agreement}
      </p>
      {differing.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too
        <section class="scrolls differing" aria-labelledby="differing" tabIndex={0}>
          <table class="comparison">
            <thead>
              <tr>
                <th scope="col">Image</th>
                {names.map((name, k) => (
                  // Two sessions may have one name.
                  <th key={`${k}`} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {differing.map(({ id, sides }) => (
                <tr key={id}>
                  <th scope="row">{id}</th>
                  {sides.map((side, k) => (
                    <td key={`${k}`}>{callText(side)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </>
  );
}

function callText({ score, call }: CalledImage): string {
  return `${call ?? 'no call'} (${score.toPrecision(3)})`;
}
