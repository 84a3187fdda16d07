import type { LabSession } from './session.ts';

/** How the shader that is shown is dispatched, and what to change about it. */
export function DispatchPanel({ session }: { session: LabSession }) {
  const { facts, shader, job } = session.state;
  const shown = facts?.shaders.find(({ name }) => name === shader);
  if (!facts || !shown) return null;
  const edit = job.edits[shader];
  const params = Object.entries(shown.params).map(([name, value]) => `${name} ${value}`);
  const set = (name: string, text: string) => {
    const { [name]: _, ...rest } = edit?.constants ?? {};
    session.edit({ constants: text === '' ? rest : { ...rest, [name]: Number(text) } });
  };
  return (
    <section class="card" aria-labelledby="dispatch">
      <h2 id="dispatch">Dispatch</h2>
      {facts.shaders.length > 1 && (
        <div class="field">
          <label for="shader">Shader</label>
          <select id="shader" value={shader} onChange={({ currentTarget: { value } }) => session.show(value)}>
            {facts.shaders.map(({ name }) => (
              <option key={name} value={name}>
                {name}
                {job.edits[name] ? ' (edited)' : ''}
              </option>
            ))}
          </select>
        </div>
      )}
      <Workgroups groups={edit?.groups ?? null} asked={shown.groups} onChange={(groups) => session.edit({ groups })} />
      {Object.keys(shown.constants).length > 0 && (
        <div class="sizes">
          {Object.entries(shown.constants).map(([name, value]) => (
            <div class="field" key={name}>
              <label for={`constant-${name}`}>{name}</label>
              <input
                type="number"
                {...{ id: `constant-${name}`, min: 0, max: 2 ** 31, step: 1, placeholder: String(value) }}
                value={edit?.constants[name] ?? ''}
                onInput={({ currentTarget: field }) => field.validity.valid && set(name, field.value)}
              />
            </div>
          ))}
        </div>
      )}
      <p class="facts">
        Parameters: {params.join(', ')}.{' '}
        {shown.dispatches > 1 && `${shown.dispatches} dispatches; workgroups and parameters are those of the first. `}
        Empty fields are as the library’s wrapper asks.
      </p>
    </section>
  );
}

type Groups = readonly [number, number, number];
interface WorkgroupsProps {
  /** Null for those that are asked for. */
  readonly groups: Groups | null;
  readonly asked: Groups;
  readonly onChange: (groups: Groups | null) => void;
}

/** Three numbers of workgroups. */
export function Workgroups({ groups, asked, onChange }: WorkgroupsProps) {
  const set = (axis: number, text: string) => {
    const next = [...(groups ?? asked)] as [number, number, number];
    next[axis] = text === '' ? asked[axis] : Number(text);
    onChange(next.every((n, i) => n === asked[i]) ? null : next);
  };
  return (
    <fieldset class="groups">
      <legend>Workgroups</legend>
      <div class="three">
        {(['x', 'y', 'z'] as const).map((name, axis) => (
          <input
            key={name}
            type="number"
            {...{ 'aria-label': `workgroups along ${name}`, min: 1, max: 65_535, step: 1 }}
            placeholder={String(asked[axis])}
            value={groups?.[axis] ?? ''}
            onInput={({ currentTarget: field }) => field.validity.valid && set(axis, field.value)}
          />
        ))}
      </div>
    </fieldset>
  );
}
