import type { Fill, OwnKernel } from '../../src/lab/job.ts';
import { Workgroups } from './dispatch_panel.tsx';
import type { LabSession } from './session.ts';

const FILLS: Readonly<Record<Fill, string>> = { random: 'random', zeros: 'zeros', count: '0, 1, 2, …' };

/** Buffers, parameters and workgroups of one's own kernel, as its text names them. */
export function OwnPanel({ session, own }: { session: LabSession; own: OwnKernel }) {
  const set = (part: Partial<OwnKernel>) => session.set({ own: { ...own, ...part } });
  const buffer = (name: string, part: Partial<OwnKernel['buffers'][string]>) =>
    set({ buffers: { ...own.buffers, [name]: { ...own.buffers[name], ...part } } });
  return (
    <section class="card" aria-labelledby="dispatch">
      <h2 id="dispatch">Dispatch</h2>
      <Workgroups groups={own.groups} asked={[1, 1, 1]} onChange={(groups) => set({ groups: groups ?? [1, 1, 1] })} />
      <div class="sizes">
        {Object.entries(own.params).map(([name, value]) => (
          <div class="field" key={name}>
            <label for={`param-${name}`}>{name}</label>
            <input
              type="number"
              {...{ id: `param-${name}`, value, step: 'any', required: true }}
              onInput={({ currentTarget: field }) =>
                field.validity.valid && set({ params: { ...own.params, [name]: field.valueAsNumber } })
              }
            />
          </div>
        ))}
      </div>
      {Object.entries(own.buffers).map(([name, { length, fill }]) => (
        <fieldset class="buffer-row" key={name}>
          <legend>{name}</legend>
          <div class="field">
            <label for={`length-${name}`}>values</label>
            <input
              type="number"
              {...{ id: `length-${name}`, value: length, min: 1, max: 2 ** 26, step: 1, required: true }}
              onInput={({ currentTarget: field }) =>
                field.validity.valid && buffer(name, { length: field.valueAsNumber })
              }
            />
          </div>
          <div class="field">
            <label for={`fill-${name}`}>filled with</label>
            <select
              id={`fill-${name}`}
              value={fill}
              onChange={({ currentTarget: { value } }) => buffer(name, { fill: value as Fill })}
            >
              {Object.entries(FILLS).map(([key, text]) => (
                <option key={key} value={key}>
                  {text}
                </option>
              ))}
            </select>
          </div>
        </fieldset>
      ))}
      <p class="facts">
        Buffers and parameters are read from the text: a uniform struct at binding 0, storage buffers from 1 on. A value
        has four bytes.
      </p>
    </section>
  );
}
