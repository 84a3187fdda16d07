import type { CheckResult } from '../../src/lab/job.ts';
import type { OutputError } from '../../src/lab/output_error.ts';
import { numberText } from './number_text.ts';
import { ScrollTable } from './scroll_table.tsx';
import type { LabSession } from './session.ts';

/** How far the outputs are from the float64 reference. */
export function ErrorPanel({ session }: { session: LabSession }) {
  const { check, busy } = session.state;
  return (
    <section class="card" aria-labelledby="error">
      <h2 id="error">Error</h2>
      <p id="verdict" role="status">
        {check ? verdict(check) : busy ? 'Checking…' : 'Not checked yet.'}
      </p>
      {check?.errors && <Errors errors={check.errors} />}
      {check?.errors?.map((one) => (
        <p class="facts" key={one.name}>
          {farthest(one)}
        </p>
      ))}
      {check && check.errors === null && check.samples.length > 0 && <Samples samples={check.samples} />}
    </section>
  );
}

function verdict({ errors, without }: CheckResult): string {
  if (without === 'messages') return 'It does not compile: see the messages below the code.';
  if (without === 'endless') return 'It does not end: see the message below the code.';
  if (without === 'own')
    return 'There is no reference for a kernel of your own: these are its values, nobody knows whether they are right.';
  if (without === 'size')
    return 'These sizes are too large for the float64 reference to be waited for; choose smaller ones to see the error.';
  const wrong = errors!.filter(({ beyond }) => beyond > 0);
  if (wrong.length === 0) return 'Right: every value is within the tolerance of the float64 reference.';
  const count = wrong.reduce((sum, { beyond }) => sum + beyond, 0);
  const all = errors!.reduce((sum, { size }) => sum + size, 0);
  return `Wrong: ${count.toLocaleString('en')} of ${all.toLocaleString('en')} values are beyond the tolerance.`;
}

function Errors({ errors }: { errors: readonly OutputError[] }) {
  return (
    <ScrollTable label="Errors of the outputs" columns={['output', 'largest error', 'of largest value', 'beyond']}>
      {errors.map(({ name, size, absolute, relative, beyond }) => (
        <tr key={name} data-output={name} data-relative={relative}>
          <th scope="row">{name}</th>
          <td>{numberText(absolute)}</td>
          <td class={beyond > 0 ? 'bad' : 'good'}>{numberText(relative)}</td>
          <td>
            {beyond.toLocaleString('en')} of {size.toLocaleString('en')}
          </td>
        </tr>
      ))}
    </ScrollTable>
  );
}

function Samples({ samples }: { samples: CheckResult['samples'] }) {
  return (
    <ScrollTable label="Values of the outputs" columns={['output', 'least', 'most', 'not finite', '<the first']}>
      {samples.map(({ name, least, most, notFinite, first }) => (
        <tr key={name} data-output={name}>
          <th scope="row">{name}</th>
          <td>{Number.isFinite(least) ? numberText(least) : '–'}</td>
          <td>{Number.isFinite(most) ? numberText(most) : '–'}</td>
          <td>{notFinite.toLocaleString('en')}</td>
          <td class="text">{first.map((v) => numberText(v)).join(', ')} …</td>
        </tr>
      ))}
    </ScrollTable>
  );
}

/** The element that is farthest off, in as many digits as a float32 has. */
function farthest({ name, worst, absolute, notFinite, size }: OutputError): string {
  const left = `${notFinite.toLocaleString('en')} of ${size.toLocaleString('en')} values are not finite or were not written.`;
  if (absolute === 0) return `${name} has no error at all.`;
  const place = `${name}[${worst.at}] is ${worst.value.toPrecision(9)}, in float64 ${worst.expected.toPrecision(9)}.`;
  return notFinite > 0 ? `${place} ${left}` : place;
}
