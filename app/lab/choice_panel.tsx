import type { Size } from '../../src/lab/kernel.ts';
import type { LabSession } from './session.ts';

/** Value of the choice that is no kernel of the library. */
const OWN = 'own';

/** Which kernel, at which sizes, by which variant. */
export function ChoicePanel({ session }: { session: LabSession }) {
  const { start, job, facts } = session.state;
  const kernels = start?.kernels ?? [];
  const words = [...new Set(kernels.map(({ word }) => word))];
  const kernel = kernels.find(({ id }) => id === job.kernel && !job.own);
  return (
    <section class="card" aria-labelledby="choice">
      <h2 id="choice">Kernel</h2>
      <div class="field">
        <label for="kernel">What to run</label>
        <select
          id="kernel"
          disabled={!start}
          value={job.own ? OWN : job.kernel}
          onChange={({ currentTarget: { value } }) => session.choose(value === OWN ? '' : value)}
        >
          {words.map((word) => (
            <optgroup key={word} label={word}>
              {kernels
                .filter((one) => one.word === word)
                .map(({ id }) => (
                  <option key={id} value={id}>
                    {id}
                  </option>
                ))}
            </optgroup>
          ))}
          <optgroup label="Your own">
            <option value={OWN}>WGSL of your own</option>
          </optgroup>
        </select>
      </div>
      {kernel && (
        <>
          <p class="formula">{kernel.formula}</p>
          <div class="sizes">
            {Object.entries(kernel.sizes).map(([name, size]) => (
              <SizeField
                key={name}
                {...{ name, size, value: job.sizes[name] ?? size.value }}
                onChange={(value) => session.set({ sizes: { ...job.sizes, [name]: value } })}
              />
            ))}
          </div>
          <div class="field">
            <label for="variant">Variant</label>
            <select
              id="variant"
              value={job.variant}
              disabled={!facts}
              onChange={({ currentTarget: { value } }) => session.set({ variant: value })}
            >
              {(facts?.variants ?? [job.variant]).map((name) => (
                <option key={name} value={name}>
                  {name}
                  {name === facts?.best && facts.variants.length > 1 ? ' (chosen on this adapter)' : ''}
                </option>
              ))}
            </select>
          </div>
          {kernel.overRows && (
            <div class="field">
              <label for="rows">A row is done by</label>
              <select
                id="rows"
                value={job.rows}
                onChange={({ currentTarget: { value } }) => session.set({ rows: value })}
              >
                <option value="">what suits this adapter</option>
                <option value="invocation">one invocation</option>
                <option value="workgroup">invocations that share it</option>
              </select>
            </div>
          )}
        </>
      )}
    </section>
  );
}

interface SizeFieldProps {
  readonly name: string;
  readonly size: Size;
  readonly value: number;
  readonly onChange: (value: number) => void;
}

function SizeField({ name, size: { least, most }, value, onChange }: SizeFieldProps) {
  const id = `size-${name}`;
  if (least === 0 && most === 1) {
    return (
      <label class="check">
        <input
          type="checkbox"
          id={id}
          checked={value === 1}
          onChange={({ currentTarget: { checked } }) => onChange(checked ? 1 : 0)}
        />
        {name}
      </label>
    );
  }
  return (
    <div class="field">
      <label for={id}>{name}</label>
      <input
        type="number"
        {...{ id, value, min: least, max: most, step: 1, required: true }}
        onInput={({ currentTarget }) => {
          if (currentTarget.validity.valid) onChange(currentTarget.valueAsNumber);
        }}
      />
    </div>
  );
}
