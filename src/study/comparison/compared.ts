import { FusionclipError } from '../../base/errors.ts';
import type { TrainResults } from '../../detect/results.ts';
import { optionTextsOf, type RunConfig } from '../../run/run_config.ts';

/** What a comparison takes of a finished run. */
export interface ComparedRun {
  /** Its folder. */
  readonly path: string;
  readonly header: RunConfig;
  readonly results: TrainResults;
  /** Of the test images. */
  readonly predictions: readonly { readonly id: string; readonly label: 0 | 1; readonly score: number }[];
}

/** Runs that differ in their seed alone: a line of the table. */
export interface ComparedGroup {
  readonly set: string;
  /** The method, and what else tells it from the others, e.g. `fusionclip, epochs 10`. */
  readonly name: string;
  /** Normal support images. */
  readonly shots: number;
  /** By seed. */
  readonly runs: readonly ComparedRun[];
}

/** An experiment in a table, e.g. `fusionclip, 4-shot`. */
export function experimentName({ name, shots }: Pick<ComparedGroup, 'name' | 'shots'>): string {
  return `${name}, ${shots}-shot`;
}

/** What has a place of its own in a table, and what results do not depend on. */
const ASIDE = new Set(['method', 'shots', 'seed', 'map.files', 'bank', 'eval.cache', 'checkpoint.every']);

/**
 * Puts runs together that differ in their seed alone, in the order in which they first appear; fewer support images first. Runs
 * are on one data set when their test images have the same names and labels.
 * @throws FusionclipError `usage` for two runs of one seed, which would count twice
 */
export function groupRuns(runs: readonly ComparedRun[]): ComparedGroup[] {
  const sets = setNames(runs);
  const plain = runs.map((run) => ({
    run,
    set: sets.get(run)!,
    method: run.header.fusion.method,
    facts: factsOf(run),
  }));
  const groups = new Map<string, ComparedGroup & { runs: ComparedRun[] }>();
  for (const { run, set, method, facts } of plain) {
    const rivals = plain.filter((one) => one.method === method).map((one) => one.facts);
    const telling = [...facts].filter(([name, value]) => rivals.some((other) => other.get(name) !== value));
    const { shots } = run.header.train;
    const name = [method, ...telling.map(([setting, value]) => `${setting} ${value}`)].join(', ');
    const key = JSON.stringify([set, name, shots]);
    const group = groups.get(key) ?? { set, name, shots, runs: [] };
    const twin = group.runs.find(({ header }) => header.train.seed === run.header.train.seed);
    if (twin) {
      const text = `${twin.path} and ${run.path} are one experiment with one seed, which would count twice; leave one of them out.`;
      throw new FusionclipError('usage', text);
    }
    groups.set(key, group);
    group.runs.push(run);
  }
  const all = [...groups.values()];
  const first = (names: readonly string[], name: string) => names.indexOf(name);
  const [inSets, inNames] = [all.map(({ set }) => set), all.map(({ name }) => name)];
  for (const { runs: own } of all) own.sort((a, b) => a.header.train.seed - b.header.train.seed);
  return all.sort(
    (a, b) =>
      first(inSets, a.set) - first(inSets, b.set) ||
      first(inNames, a.name) - first(inNames, b.name) ||
      a.shots - b.shots,
  );
}

/** What results depend on, besides method, support images, seed and data. */
function factsOf({ header }: ComparedRun): Map<string, string> {
  const facts = new Map(Object.entries(optionTextsOf(header)).filter(([name]) => !ASIDE.has(name)));
  if (facts.get('shots.abnormal') === String(header.train.shots)) facts.set('shots.abnormal', 'auto');
  // A model without training is another one for every seed.
  const { name, hash } = header.model;
  const untrained = /^((?:random|generated):.*):\d+$/.exec(name)?.[1];
  return facts.set('model', untrained ?? `${name} (${hash})`);
}

/** Names of the data sets: their own, or where two have the same one their folders. */
function setNames(runs: readonly ComparedRun[]): Map<ComparedRun, string> {
  const keys = new Map(runs.map((run) => [run, keyOf(run)]));
  const different = (all: readonly ComparedRun[]) => new Set(all.map((run) => keys.get(run))).size > 1;
  return new Map(
    runs.map((run) => {
      const { name, path } = run.header.data;
      if (!different(runs.filter(({ header }) => header.data.name === name))) return [run, name];
      const here = runs.filter(({ header }) => header.data.path === path);
      const number = [...new Set(here.map((one) => keys.get(one)))].indexOf(keys.get(run)) + 1;
      return [run, different(here) ? `${path} (test set ${number})` : path];
    }),
  );
}

function keyOf({ predictions }: ComparedRun): string {
  const rows = predictions.map(({ id, label }) => JSON.stringify([id, label]));
  return rows.sort().join();
}
