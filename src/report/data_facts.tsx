/** @jsxImportSource preact */
import { counted } from '../base/counted.ts';
import { DataTable } from './data_table.tsx';
import type { RunData } from './read_run.ts';

/** Whom the images are of, what of the data set was not used, and all else that was found in it. */
export function DataFacts({ data }: { readonly data: RunData }) {
  const { lines, leftOut = [] } = data;
  const count = leftOut.reduce((sum, one) => sum + one.count, 0);
  return (
    <>
      <p>{patientText(data)}</p>
      {leftOut.length > 0 ? (
        <DataTable
          title={`${count} ${count === 1 ? 'file or folder was' : 'files and folders were'} left out`}
          heads={['what', 'how many', 'for example']}
          rows={leftOut.map(({ what, count: own, examples }) => [
            what,
            String(own),
            <span class="paths" key="examples">
              {examples.join(', ') + (own > examples.length ? ', …' : '')}
            </span>,
          ])}
        />
      ) : (
        <p>Nothing that lies in the folder was left out.</p>
      )}
      <details>
        <summary>All that was found</summary>
        <ul class="lines">
          {lines.map((text) => (
            <li key={text}>{text}</li>
          ))}
        </ul>
      </details>
    </>
  );
}

function patientText({ patients }: RunData): string {
  if (!patients) {
    return 'Nobody knows whose images these are: intervals take each for that of another patient (--group tells).';
  }
  const { rule, used, valid, test, unknown } = patients;
  const nobody = unknown > 0 ? ` ${unknown === 1 ? '1 image is' : `${unknown} images are`} of nobody known.` : '';
  const counts = `${counted(valid, 'patient')} in valid and ${test} in test (${rule}).${nobody}`;
  if (used) return `${counts} Draws and intervals go by patient.`;
  return `By their names the images are of ${counts} Draws and intervals do not go by it (--group auto does).`;
}
