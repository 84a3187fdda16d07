import { FusionclipError } from '../../base/errors.ts';
import { joinPath } from '../../base/paths.ts';
import type { Dataset, DatasetKind, Sample } from '../../data/layout/dataset.ts';
import { hasWord } from '../../data/layout/object_name.ts';
import { openDataset } from '../../data/layout/open.ts';
import type { DataRules } from '../../data/layout/rules.ts';
import type { RunContext } from '../../detect/run_context.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import { PHANTOM_SEED, type PhantomCounts, phantomFolder } from '../phantom_sets.ts';
import { PAPER_SETS, type SetName } from './paper.ts';

/** A data set of the study. */
export interface StudySet {
  readonly name: SetName;
  readonly folder: string;
  readonly kind: DatasetKind;
  /** Test images of either class. */
  readonly test: { readonly normal: number; readonly abnormal: number };
  /** Ids of the test images whose maps are shown, whatever became of them: see `shownImages`. */
  readonly shown: readonly string[];
}

/** Words in the names of folders; the first that fits wins. */
const WORDS: readonly (readonly [readonly string[], SetName])[] = [
  [['resc'], 'RESC'],
  [['oct'], 'OCT'],
  [['his', 'histo', 'histopathology', 'camelyon'], 'HIS'],
  [['chest', 'rsna'], 'Chest'],
  [['brain', 'brats'], 'Brain'],
  [['liver'], 'Liver'],
];

/** The set that a folder of BMAD (`Brain_AD`, `Retina_OCT2017`) stands for, or null. */
export function setOfFolder(name: string): SetName | null {
  return WORDS.find(([words]) => hasWord(name, words))?.[1] ?? null;
}

/** The phantom family that stands for a set. */
export function familyOf(set: SetName): string {
  return Object.keys(PHANTOM_FAMILIES).find((family) => setOfFolder(PHANTOM_FAMILIES[family].dataset) === set)!;
}

/**
 * Finds and opens the sets in a folder as BMAD arranges them.
 * @param chosen null for all that are there
 * @throws FusionclipError `io` for a folder that is not there, `bad_data` for a set that is missing or no data set
 */
export async function findSets(
  { fs, onEvent }: Pick<RunContext, 'fs' | 'onEvent'>,
  data: string,
  chosen: readonly SetName[] | null,
  rules: Partial<DataRules>,
): Promise<StudySet[]> {
  if ((await fs.stat(data))?.kind !== 'directory') {
    throw new FusionclipError('io', `There is no folder ${data}; give --data the folder that holds the sets of BMAD.`);
  }
  const folders = new Map<SetName, string>();
  for (const { name, kind } of await fs.list(data)) {
    const set = kind === 'directory' && !name.startsWith('.') ? setOfFolder(name) : null;
    if (!set) continue;
    const other = folders.get(set);
    if (other)
      throw new FusionclipError('bad_data', `${data} has two folders for ${set}, ${other} and ${name}; keep one.`);
    folders.set(set, name);
  }
  const missing = PAPER_SETS.filter((set) => !folders.has(set));
  const wanted = (chosen ?? []).find((set) => missing.includes(set));
  if (wanted || folders.size === 0) {
    const found = [...folders.values()].join(', ') || 'none of them';
    throw new FusionclipError(
      'bad_data',
      `${data} has no folder for the set ${wanted ?? PAPER_SETS.join(', ')} (found ${found}); expected names like Brain_AD.`,
    );
  }
  if (!chosen && missing.length > 0) {
    onEvent?.({ type: 'note', text: `${data} has no folder for ${missing.join(', ')}; these columns are left out.` });
  }
  const sets: StudySet[] = [];
  for (const name of PAPER_SETS.filter((set) => folders.has(set) && (chosen?.includes(set) ?? true))) {
    sets.push(studySet(name, await openDataset(fs, joinPath(data, folders.get(name)!), rules)));
  }
  return sets;
}

/** Phantoms that stand for the sets, below `parent`; written once. One seed: as with BMAD, only draws and weights vary. */
export async function phantomSets(
  context: Pick<RunContext, 'fs' | 'onEvent'>,
  parent: string,
  counts: PhantomCounts,
  chosen: readonly SetName[] | null,
): Promise<StudySet[]> {
  const sets: StudySet[] = [];
  // Another number of pictures is another set.
  const place = joinPath(parent, `${counts.valid}-${counts.test}`);
  for (const name of PAPER_SETS.filter((set) => chosen?.includes(set) ?? true)) {
    const folder = await phantomFolder(context, place, counts, familyOf(name), PHANTOM_SEED + 1);
    sets.push(studySet(name, await openDataset(context.fs, folder)));
  }
  return sets;
}

function studySet(name: SetName, dataset: Dataset): StudySet {
  const { test } = dataset.splits;
  const abnormal = test.filter(({ label }) => label === 1).length;
  return {
    name,
    folder: dataset.path,
    kind: dataset.kind,
    test: { normal: test.length - abnormal, abnormal },
    shown: shownImages(test),
  };
}

/** The images at one and two thirds of the abnormal ones, and the middle normal one: nobody has picked them. */
export function shownImages(test: readonly Sample[]): string[] {
  const at = (label: 0 | 1, share: number) => {
    const own = test.filter((sample) => sample.label === label);
    return own[Math.min(own.length - 1, Math.floor(share * own.length))].id;
  };
  return [...new Set([at(1, 1 / 3), at(1, 2 / 3), at(0, 1 / 2)])];
}
