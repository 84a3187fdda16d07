import type { Calibrated, DecidedRow, ScoredRow } from '../protocol/results.ts';

interface Props {
  readonly calibrated: Calibrated;
  readonly rows: readonly ScoredRow[];
}

/** What a calibration makes of the scores: operating point, coverage, and a row an image and a patient. */
export function CalibratedDecisions({ calibrated: { lines, state, patients }, rows }: Props) {
  return (
    <div id="calibrated">
      <ul class={state === 'shifted' ? 'warning' : 'hint'}>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
      <details>
        <summary>Decisions one by one</summary>
        <div class="scroll">
          <table>
            <thead>
              <tr>
                <th scope="col">image</th>
                <th scope="col">score</th>
                <th scope="col">p-value</th>
                <th scope="col">probability</th>
                <th scope="col">decision</th>
              </tr>
            </thead>
            <tbody>{[...patients, ...rows].map(decidedRow)}</tbody>
          </table>
        </div>
      </details>
    </div>
  );
}

function decidedRow({ id, score, pValue, probability, decision }: DecidedRow) {
  return (
    <tr key={id}>
      <th scope="row">{id.split('/').at(-1)}</th>
      <td>{score.toPrecision(4)}</td>
      <td>{pValue?.toPrecision(2) ?? '–'}</td>
      <td>{probability?.toFixed(2) ?? '–'}</td>
      <td>{decision ?? '–'}</td>
    </tr>
  );
}
