import { Fragment } from 'preact';
import { Warnings, warnedOf } from './warnings.tsx';

/** What the engine says of every training, in words of its own: for those who ask. */
const DETAIL = /^(weights|Settings): |^\d+ images? to score$/;

/** What was said of the work: what was done to the images above all. Of a table the first line is in sight, and what warns. */
export function Notes({ notes }: { notes: readonly string[] }) {
  const [details, said] = [true, false].map((of) => notes.filter((note) => DETAIL.test(note) === of));
  return (
    <>
      {said.map((note) => {
        const [warnings, [first, ...more]] = warnedOf(note.split('\n'));
        if (warnings.length + more.length > 0) {
          return (
            <Fragment key={note}>
              <Warnings warnings={warnings} />
              <Folded title={first} text={more.join('\n')} />
            </Fragment>
          );
        }
        return (
          <p class="hint" key={note}>
            {note}
          </p>
        );
      })}
      {details.length > 0 && <Folded title="Settings in full" text={details.join('\n')} />}
    </>
  );
}

function Folded({ title, text }: { title: string; text: string }) {
  return (
    <details>
      <summary>{title}</summary>
      <p class="hint lines">{text}</p>
    </details>
  );
}
