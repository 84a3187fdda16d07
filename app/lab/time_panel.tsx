import { numberText } from './number_text.ts';
import { ScrollTable } from './scroll_table.tsx';
import type { LabSession } from './session.ts';

/** Times beside the ceilings. */
export function TimePanel({ session }: { session: LabSession }) {
  const { time, busy, facts, check } = session.state;
  const fails = check?.messages.some(({ kind }) => kind === 'error');
  return (
    <section class="card" aria-labelledby="time">
      <h2 id="time">Time</h2>
      {time ? (
        <>
          <ScrollTable id="times" label="Times" columns={['variant', 'ms', 'median', 'GFLOP/s', 'GB/s', 'of ceiling']}>
            {time.rows.map(({ name, minMs, medianMs, gflops, gbps, ofCeiling }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{numberText(minMs)}</td>
                <td>{numberText(medianMs)}</td>
                <td>{gflops > 0 ? numberText(gflops) : '–'}</td>
                <td>{numberText(gbps)}</td>
                <td>{(100 * ofCeiling).toFixed(1)} %</td>
              </tr>
            ))}
            <tr>
              <th scope="row">this adapter’s ceiling</th>
              <td />
              <td />
              <td>{numberText(time.ceilings.gflops)}</td>
              <td>{numberText(time.ceilings.gbps)}</td>
              <td />
            </tr>
          </ScrollTable>
          <p class="hint">
            Wall-clock times of repeated dispatches, measured in turn; the ceiling is multiply-adds on registers and a
            copy of 32 MiB, among them.
          </p>
        </>
      ) : (
        <p role="status">
          {busy === 'timing' ? 'Timing…' : fails ? 'It has to compile and end first.' : 'Not timed yet.'}
        </p>
      )}
      {facts && (
        <p class="facts">
          At least {facts.flops > 0 ? `${facts.flops.toLocaleString('en')} operations and ` : ''}
          {facts.bytes.toLocaleString('en')} bytes.
        </p>
      )}
    </section>
  );
}
