import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import { baseName } from '../base/paths.ts';
import { ruleStream } from '../base/rule.ts';
import type { Dataset, Sample } from './layout/dataset.ts';

/** The support set of a run, and what remains of `valid` to select on. */
export interface Shots {
  readonly normal: readonly Sample[];
  readonly abnormal: readonly Sample[];
  /** Images of `valid` that are not support, and not of its patients, in order of their ids. */
  readonly rest: readonly Sample[];
}

/**
 * Draws `normal` and `abnormal` images from `valid` without replacement.
 *
 * The images of a class are sorted by id and ordered by the random stream (`shots.normal` or `shots.abnormal`, `seed`);
 * the first ones are taken; where patients are known, one image of each before a second of any. So the draw depends on ids and seed only, and with one seed the support of 2 shots is part
 * of that of 4 (MVFA's published lists are not nested in this way).
 *
 * `abnormal` may be 0. `patients` limits the images of a class to those of so many patients, the first ones in that order.
 * Throws `FusionclipError('bad_data')` when a class has too few images or patients.
 */
export function sampleShots(
  dataset: Dataset,
  normal: number,
  abnormal: number,
  seed: number,
  patients: number | null = null,
): Shots {
  return split(dataset, draw(dataset, 0, normal, seed, patients), draw(dataset, 1, abnormal, seed, patients));
}

/**
 * Takes the support set that a list names: the `shots.json` of a run, by the ids of its images, or an MVFA list with lines `n-0: file file …` and `a-0: file file …` in any order, for
 * normal and abnormal images of draw 0; `index` chooses the draw. Files are found in `valid` by name without folders.
 *
 * `listName` is only for messages. Throws `FusionclipError('bad_data')` for a line of another form, a draw that is not
 * there, and a file that is missing, named twice, or found twice.
 */
export function listedShots(dataset: Dataset, list: string, listName: string, index = 0): Shots {
  if (list.trimStart().startsWith('{')) return shotsById(dataset, list, listName);
  const draws = parseShotList(list, listName);
  const normal = draws.get(`n-${index}`);
  const abnormal = draws.get(`a-${index}`);
  if (!normal && !abnormal) {
    const found = [...draws.keys()].join(', ') || 'nothing';
    throw new FusionclipError(
      'bad_data',
      `${listName} has no line n-${index}: or a-${index}: (found ${found}); choose another index.`,
    );
  }
  return split(
    dataset,
    (normal ?? []).map((file) => find(dataset, 0, file, listName)),
    (abnormal ?? []).map((file) => find(dataset, 1, file, listName)),
  );
}

function shotsById(dataset: Dataset, list: string, listName: string): Shots {
  const of = (what: 'normal' | 'abnormal', label: 0 | 1): Sample[] => {
    const ids = idsIn(list, what);
    if (!ids) {
      throw new FusionclipError('bad_data', `${listName} is not the shots.json of a run: it has no list "${what}".`);
    }
    const own = new Map(ofClass(dataset, label).map((sample) => [sample.id, sample]));
    return ids.map((id, i) => {
      if (ids.indexOf(id) !== i) throw new FusionclipError('bad_data', `${listName} names ${id} twice; remove one.`);
      const found = own.get(id);
      if (found) return found;
      const text = `${listName} names ${id}, which is not among the ${what} images of ${dataset.name}/valid; check that list and data belong together.`;
      throw new FusionclipError('bad_data', text);
    });
  };
  return split(dataset, of('normal', 0), of('abnormal', 1));
}

function idsIn(list: string, what: string): string[] | null {
  try {
    const ids: unknown = JSON.parse(list)[what];
    return Array.isArray(ids) && ids.every((id) => typeof id === 'string') ? ids : null;
  } catch {
    return null;
  }
}

function draw(dataset: Dataset, label: 0 | 1, count: number, seed: number, patients: number | null): Sample[] {
  const what = label === 0 ? 'normal' : 'abnormal';
  const candidates = ofClass(dataset, label);
  if (!Number.isInteger(count) || count < 0)
    throw new FusionclipError('usage', `${count} ${what} shots cannot be drawn; give a whole number.`);
  if (count > candidates.length) {
    throw new FusionclipError(
      'bad_data',
      `${dataset.name} has ${counted(candidates.length, `${what} image`)} in valid, fewer than the ${counted(count, 'shot')} asked for; choose fewer shots.`,
    );
  }
  const random = ruleStream(`shots.${what}`, seed);
  const order = candidates
    .map((sample, i) => ({ sample, key: random(i), i }))
    .sort((a, b) => a.key - b.key || a.i - b.i)
    .map(({ sample }) => sample);
  const taken =
    patients === null || count === 0 ? order : ofPatients(order, patients, `${dataset.name}: ${what} images`);
  if (count > taken.length) {
    throw new FusionclipError(
      'bad_data',
      `${dataset.name}: ${patients === 1 ? '1 patient of valid has' : `${patients} patients of valid have`} ${counted(taken.length, `${what} image`)} together, fewer than the ${counted(count, 'shot')} asked for; choose more patients.`,
    );
  }
  return onePatientEach(taken).slice(0, count);
}

/** The images of the first patients in an order. @param of what they are, for messages */
function ofPatients(order: readonly Sample[], count: number, of: string): Sample[] {
  if (order.some(({ patient }) => patient === null)) {
    throw new FusionclipError(
      'usage',
      `${of}: nobody knows whose they are; say it with --group, or leave --shots.patients.`,
    );
  }
  const patients = [...new Set(order.map(({ patient }) => patient))];
  if (count > patients.length) {
    throw new FusionclipError(
      'bad_data',
      `${of}: they are of ${counted(patients.length, 'patient')} in valid, fewer than the ${count} asked for; choose fewer.`,
    );
  }
  const first = new Set(patients.slice(0, count));
  return order.filter(({ patient }) => first.has(patient));
}

/** The first image of each patient, then the second ones, …, each time in the given order. */
function onePatientEach(order: readonly Sample[]): Sample[] {
  const seen = new Map<string, number>();
  const rounds: Sample[][] = [];
  for (const sample of order) {
    const round = sample.patient === null ? 0 : (seen.get(sample.patient) ?? 0);
    if (sample.patient !== null) seen.set(sample.patient, round + 1);
    rounds[round] ??= [];
    rounds[round].push(sample);
  }
  return rounds.flat();
}

function ofClass(dataset: Dataset, label: 0 | 1): Sample[] {
  return dataset.splits.valid.filter((sample) => sample.label === label).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/**
 * The draws of an MVFA list: file names by `n-0`, `a-0`, …
 *
 * Throws `FusionclipError('bad_data')` for a line of another form and a file that a line names twice.
 */
export function parseShotList(list: string, listName: string): Map<string, string[]> {
  const draws = new Map<string, string[]>();
  for (const [i, line] of list.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const match = /^\s*([an]-\d+)\s*:(.*)$/.exec(line);
    if (!match) {
      throw new FusionclipError(
        'bad_data',
        `${listName}, line ${i + 1} is not of the form "n-0: file file …"; is it an MVFA list?`,
      );
    }
    const files = match[2].split(/\s+/).filter((file) => file !== '');
    const twice = files.find((file, k) => files.indexOf(file) !== k);
    if (twice) throw new FusionclipError('bad_data', `${listName}, line ${i + 1} names ${twice} twice; remove one.`);
    draws.set(match[1], files);
  }
  return draws;
}

function find(dataset: Dataset, label: 0 | 1, file: string, listName: string): Sample {
  const found = ofClass(dataset, label).filter((sample) => baseName(sample.path) === baseName(file));
  if (found.length === 1) return found[0];
  const what = label === 0 ? 'normal' : 'abnormal';
  throw new FusionclipError(
    'bad_data',
    found.length === 0
      ? `${listName} names ${file}, which is not among the ${what} images of ${dataset.name}/valid; check that list and data belong together.`
      : `${listName} names ${file}, which is there more than once (${found.map(({ id }) => id).join(', ')}); rename one.`,
  );
}

function split(dataset: Dataset, normal: Sample[], abnormal: Sample[]): Shots {
  const used = new Set([...normal, ...abnormal]);
  const patients = new Set([...used].flatMap(({ patient }) => patient ?? []));
  const isNew = (sample: Sample) => !used.has(sample) && (sample.patient === null || !patients.has(sample.patient));
  return { normal, abnormal, rest: dataset.splits.valid.filter(isNew) };
}
