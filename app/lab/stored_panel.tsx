import { useEffect, useState } from 'preact/hooks';
import { numberText } from './number_text.ts';
import { ScrollTable } from './scroll_table.tsx';
import type { LabSession } from './session.ts';
import { rowsOf, type StoredResults, storedResults } from './stored.ts';

/** What `npm run bench` has stored of the operation. */
export function StoredPanel({ session }: { session: LabSession }) {
  const { job, start } = session.state;
  const [stored, setStored] = useState<readonly StoredResults[] | null>(null);
  useEffect(() => void storedResults().then(setStored, () => setStored([])), []);
  const word = start?.kernels.find(({ id }) => id === job.kernel)?.word;
  const tables = (stored ?? []).flatMap((one) => {
    const rows = word ? rowsOf(one, word, job.kernel) : [];
    return rows.length > 0 ? [{ one, rows }] : [];
  });
  return (
    <section class="card wide" aria-labelledby="stored">
      <h2 id="stored">Stored results</h2>
      {tables.length === 0 && <p>{stored ? 'npm run bench has stored none of this kernel.' : 'Loading…'}</p>}
      {tables.map(({ one, rows }) => (
        <div key={`${one.runtime} ${one.adapter.description} ${one.machine}`}>
          <p class="hint">
            {one.adapter.description} in {one.runtime} on {one.machine}, {one.date.slice(0, 10)}
          </p>
          <ScrollTable
            tall
            label={`Stored results of ${one.runtime} on ${one.machine}`}
            columns={['sizes', '<variant', 'ms', 'GFLOP/s', 'GB/s', 'of ceiling']}
          >
            {rows.map((row) => (
              <tr key={`${row.case} ${row.variant}`}>
                <th scope="row">{row.case}</th>
                <td class="text">{row.variant}</td>
                <td>{numberText(row.minMs)}</td>
                <td>{numberText(row.gflops)}</td>
                <td>{numberText(row.gbps)}</td>
                <td>{(100 * row.ofCeiling).toFixed(1)} %</td>
              </tr>
            ))}
          </ScrollTable>
        </div>
      ))}
    </section>
  );
}
