/** @jsxImportSource preact */

import { formatDuration } from '../base/progress.ts';
import { optionTextsOf, runSettings } from '../run/run_config.ts';
import { sourceText } from '../run/setting_sources.ts';
import type { RunEnvironment, RunRecord } from './read_run.ts';
import { significant } from './verdict.ts';

/** How weights are chosen, in words. */
const CHOSEN: Readonly<Record<RunRecord['results']['selectedBy'], string>> = {
  valid: 'the best on the remaining validation images',
  last: 'the last',
  'test-oracle': 'the best on the TEST images',
  none: 'since the method trains nothing',
};

type Fact = readonly [term: string, text: string];

/** Where, with what and how long the run ran, and every setting. */
export function Facts({ run }: { readonly run: RunRecord }) {
  const { sources = {}, model } = run.header;
  const settings = Object.entries(optionTextsOf(run.header));
  const usual: Readonly<Record<string, string>> = optionTextsOf(runSettings({}));
  const changed = settings
    .filter(([name, value]) => usual[name] !== value || name in sources)
    .map(
      ([name, value]): Fact => [name, sources[name] ? `${value} (${sourceText(sources[name], model.name)})` : value],
    );
  return (
    <>
      <List facts={factsOf(run)} />
      <h3>Settings that are not the program's defaults</h3>
      {changed.length > 0 ? <List facts={changed} code /> : <p class="note">None.</p>}
      <details>
        <summary>All {settings.length} settings</summary>
        <List facts={settings} code />
      </details>
    </>
  );
}

function List({ facts, code = false }: { readonly facts: readonly Fact[]; readonly code?: boolean }) {
  return (
    <dl class={code ? 'facts code' : 'facts'}>
      {facts.map(([term, text]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}

function factsOf({ header, environment, results, steps, shots }: RunRecord): Fact[] {
  const { config, hash, name } = header.model;
  const { width, layers, patch } = config.vision;
  const { epochs, seed } = header.train;
  const drawn = shots && header.train['shots.list'] ? `the list ${header.train['shots.list']}` : `seed ${seed}`;
  return [
    ['Data', `${header.data.path}, ${results.kind === 'pixel' ? 'with lesion masks' : 'with labels only'}`],
    ['Content', `${header.object} (what the prompts call it)`],
    [
      'Model',
      `${name}: ${layers} layers of width ${width}, patch ${patch}, at ${header.fusion.size} × ${header.fusion.size} pixels`,
    ],
    ['Model hash', hash],
    ['Seed', `${seed} (initial weights, order of training); support images by ${drawn}`],
    [
      'Weights',
      `${results.selectedBy === 'none' ? 'as they came' : `of epoch ${results.selected.epoch} of ${epochs}`}, ${CHOSEN[results.selectedBy]}`,
    ],
    ...(environment ? machineFacts(environment) : [['Machine', 'unknown: env.json is gone'] as const]),
    ...timingFacts(environment, steps),
    ['Version', `fusionclip ${results.fusionclip}`],
  ];
}

function machineFacts({ adapter, runtime, version, started, earlier = [] }: RunEnvironment): Fact[] {
  const before = earlier.map((one) => `${one.adapter ?? 'unknown adapter'} from step ${one.fromStep ?? 0}`);
  return [
    ['Adapter', adapter ?? 'unknown'],
    ['Runtime', `${runtime ?? 'unknown'} ${version ?? ''}`.trim()],
    ['Started', started ?? 'unknown'],
    ...(before.length > 0 ? [['Before it was resumed', before.join('; ')] as const] : []),
  ];
}

function timingFacts(environment: RunEnvironment | null, steps: RunRecord['steps']): Fact[] {
  const facts: Fact[] = [];
  const { seconds, earlier = [] } = environment ?? {};
  if (typeof seconds === 'number') {
    facts.push([earlier.length > 0 ? 'Duration of the last session' : 'Duration', formatDuration(seconds)]);
  }
  const [first, last] = [steps[0], steps[steps.length - 1]];
  if (steps.length > 1 && last.seconds > first.seconds) {
    const each = (last.seconds - first.seconds) / (steps.length - 1);
    facts.push(['Training', `${steps.length} steps, ${significant(each)} s each after the first`]);
  }
  return facts;
}
