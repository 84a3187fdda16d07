import { keptPath } from '../../base/address.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { brightnessProblems } from '../apart/brightness.ts';
import { markProblems } from '../apart/marks.ts';
import { type HashedFile, identicalFiles, pictureHash, sha256 } from '../audit/identical.ts';
import { type SharedSource, sharedSources, sourceName } from '../audit/source_name.ts';
import { givenRule, type RangeRule } from '../range/rule.ts';
import type { Dataset, Sample, Split } from './dataset.ts';
import { greyFacts } from './grey_facts.ts';
import type { Inventory, Leaks, MaskFacts, PatientFacts } from './inventory.ts';
import { summarizeLeftOut } from './left_out.ts';
import { findObject } from './object_name.ts';
import { datasetOf } from './open.ts';
import { patientOfId } from './patients.ts';
import { type Problem, requireSound } from './problem.ts';
import { type Decoders, type ImageFacts, readScan } from './read_scan.ts';
import { type DataRules, dataRules } from './rules.ts';
import { scanDataset } from './scan.ts';
import type { Scan } from './scanned.ts';
import { setProblems } from './set_problems.ts';
import { SplitSums } from './split_sums.ts';
import { TurnedCopies } from './turned_copies.ts';

/** How a data set is looked at. */
export interface CheckOptions {
  readonly rules?: Partial<DataRules>;
  /** What prompts shall call the content; found by the folder's name otherwise. */
  readonly object?: string;
  /** The rule by which a run reads values; found or given by `rules.range` otherwise. */
  readonly grey?: RangeRule;
  /** Called after each image. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Who decodes images; this thread otherwise, one at a time. */
  readonly decoders?: Decoders;
}

/** A data set that was looked at. */
export interface OpenedSet {
  readonly dataset: Dataset;
  readonly inventory: Inventory;
  /** How values become grey levels. */
  readonly grey: RangeRule;
  /** What the files of the images say. @internal */
  readonly images: readonly ImageFacts[];
}

/**
 * Decodes every image and mask of a data set, and reports what there is and all that is wrong instead of
 * stopping at the first. Throws only what `scanDataset` throws: a folder that is no data set.
 */
export async function checkDataset(fs: FileSystem, path: string, options: CheckOptions = {}): Promise<Inventory> {
  return (await inspect(fs, path, options)).inventory;
}

/**
 * Opens a data set after a look at everything in it.
 * @throws FusionclipError as {@link checkDataset}; `bad_data` or `bad_image` when anything needs a decision or cannot be read
 */
export async function openInspected(fs: FileSystem, path: string, options: CheckOptions = {}): Promise<OpenedSet> {
  const { scan, ...found } = await inspect(fs, path, options);
  requireSound(path, found.inventory.problems);
  return { dataset: datasetOf(scan), ...found };
}

async function inspect(
  fs: FileSystem,
  path: string,
  { rules = {}, object, onProgress, decoders, grey: known }: CheckOptions,
): Promise<{ scan: Scan } & Omit<OpenedSet, 'dataset'>> {
  const scan = await scanDataset(fs, path, rules);
  const hashes: HashedFile[] = [];
  const sums = new SplitSums(fs, path);
  const { 'mask.background': background, range } = dataRules(rules);
  const {
    images,
    smeared,
    marks,
    problems: found,
  } = await readScan(fs, scan, {
    ...{ onProgress, decoders },
    backgroundGiven: background !== 'auto',
    normalOnly: rules['shots.abnormal'] === 0,
    rule: known ?? givenRule(range) ?? undefined,
    visit: async (sample, bytes, _, raster) => {
      if (!bytes) return;
      const { id, split } = sample;
      // One picture may lie in files of different bytes, as where it was written twice.
      if (raster) hashes.push({ id, part: split, sha256: await pictureHash(raster) });
      await sums.add(sample, await sha256(bytes));
    },
  });
  const samples = scan.classes.flatMap((c) => c.samples);
  const count = (split: Split, label: 0 | 1) =>
    samples.filter((sample) => sample.split === split && sample.label === label).length;
  const grey = greyFacts(scan, images, range, known ?? null);
  const copies = new TurnedCopies(images, hashes);
  const problems: Problem[] = [
    ...scan.problems,
    ...found,
    ...grey.problems,
    ...setProblems(scan, images, hashes),
    ...brightnessProblems(path, images, grey.rule),
    ...markProblems(path, marks),
    ...copies.problems(path),
  ];
  const masks = scan.kind === 'pixel' ? maskFacts(scan, samples, background, smeared) : null;
  const told = keptPath(path);
  const inventory: Inventory = {
    path: told,
    name: scan.name,
    layout: scan.layout,
    kind: scan.kind,
    ...(await findObject(fs, path, object)),
    found: samples.length + (masks?.files ?? 0) + scan.leftOut.length,
    images: {
      valid: { normal: count('valid', 0), abnormal: count('valid', 1) },
      test: { normal: count('test', 0), abnormal: count('test', 1) },
    },
    classes: scan.classes.map((c) => {
      const of = (split: Split) => c.samples.filter((sample) => sample.split === split).length;
      return { folder: c.folder, label: c.label, valid: of('valid'), test: of('test') };
    }),
    masks,
    ...grey.facts,
    sizes: sizesOf(images),
    turned: images.filter(({ orientation }) => orientation !== 1).length,
    patients: patientFacts(samples, rules.group ?? null),
    leftOut: summarizeLeftOut(scan.leftOut),
    sha256: await sums.all(),
    leaks: findLeaks(samples, seenHashes(images, hashes), copies, rules.group ?? null),
    problems: told === path ? problems : problems.map((one) => ({ ...one, path: one.path.replace(path, told) })),
    ok: problems.every(({ severity }) => severity === 'warning'),
  };
  return { scan, inventory, grey: grey.rule, images };
}

function maskFacts(
  { pairing }: Scan,
  samples: readonly Sample[],
  background: DataRules['mask.background'],
  smeared: number,
): MaskFacts {
  const masks = samples.flatMap(({ mask }) => (mask ? [mask] : []));
  return {
    images: masks.length,
    files: masks.reduce((sum, { paths }) => sum + paths.length, 0),
    united: masks.filter(({ paths }) => paths.length > 1).length,
    ways: [...pairing.ways].map(([how, count]) => ({ how, count })),
    background: background === 'white' ? 'white' : 'black',
    smeared,
  };
}

function sizesOf(images: readonly ImageFacts[]): Inventory['sizes'] {
  const sizes = new Map<string, { width: number; height: number; channels: number; count: number }>();
  for (const { width, height, channels } of images) {
    const key = `${width}×${height}×${channels}`;
    const row = sizes.get(key) ?? { width, height, channels, count: 0 };
    row.count++;
    sizes.set(key, row);
  }
  return [...sizes.values()].sort((a, b) => b.count - a.count);
}

/** Patients by the rule that is set, or by file names where these speak of several. */
function patientFacts(samples: readonly Sample[], group: string | null): PatientFacts | null {
  const of = (sample: Sample) => (group === null ? sourceName(sample.id) : sample.patient);
  const known = (split: Split | null) =>
    new Set(samples.filter((sample) => split === null || sample.split === split).flatMap((sample) => of(sample) ?? []))
      .size;
  if (group === null && known(null) < 2) return null;
  return {
    rule: group ?? 'auto',
    used: group !== null,
    valid: known('valid'),
    test: known('test'),
    unknown: samples.filter((sample) => of(sample) === null).length,
  };
}

/** But for pictures of one value, which may well be equal. */
function seenHashes(images: readonly ImageFacts[], hashes: readonly HashedFile[]): HashedFile[] {
  const blank = new Set(images.filter(({ values }) => values.lowest === values.highest).map(({ id }) => id));
  return hashes.filter(({ id }) => !blank.has(id));
}

/** Names of equal files in a warning. */
const EQUAL_SHOWN = 3;

function findLeaks(
  samples: readonly Sample[],
  hashes: readonly HashedFile[],
  copies: TurnedCopies,
  group: string | null,
): Leaks {
  const identical = identicalFiles(hashes);
  const shared = group === null ? sharedByName(samples) : sharedByPatient(samples);
  const warnings: string[] = [];
  const across = identical.filter((one) => one.across);
  if (across.length > 0) {
    const { files: all } = across[0];
    const files = `${all.slice(0, EQUAL_SHOWN).join(' = ')}${all.length > EQUAL_SHOWN ? ` = ${all.length - EQUAL_SHOWN} more` : ''}`;
    warnings.push(
      `${across.length === 1 ? '1 picture is' : `${across.length} pictures are`} in valid and in test, e.g. ${files}; results on test are too good`,
    );
  }
  warnings.push(...copies.warnings());
  const how =
    group === null ? 'by the names of files; --group auto keeps each on one side where splits are dealt' : group;
  if (shared.length > 0) {
    warnings.push(
      `${shared.length === 1 ? '1 patient or volume is' : `${shared.length} patients or volumes are`} in valid and in test, e.g. ${shared[0].source}; results on test may be too good (${how})`,
    );
  }
  const folders = group === null && shared.length === 0 ? sharedFolders(samples) : [];
  if (folders.length > 0) {
    const are =
      folders.length === 1 ? '1 folder below the classes is' : `${folders.length} folders below the classes are`;
    warnings.push(
      `${are} in valid and in test, e.g. ${folders[0]}; where these are patients, results on test may be too good (--group folder goes by them, and keeps each on one side where splits are dealt)`,
    );
  }
  const test = samples.filter(({ split }) => split === 'test');
  const patients = new Set(test.map(({ id, patient }) => (group === null ? sourceName(id) : patient)));
  const [only] = patients;
  const several = group !== null || new Set(samples.map(({ id }) => sourceName(id))).size > 1;
  if (patients.size === 1 && only !== null && test.length > 1 && several) {
    warnings.push(
      `all ${test.length} test images are of one patient or volume (${only}); results say nothing of others`,
    );
  }
  return { identical, shared, warnings };
}

/** Fewer folders with a number may be kinds of images, such as T1 and T2. */
const SEVERAL_FOLDERS = 5;

/** Folders below the classes that look like those of patients, as many have a number, and that both splits have. */
function sharedFolders(samples: readonly Sample[]): string[] {
  const folderOf = patientOfId('folder');
  const names = (split: Split) => {
    const own = samples.filter((sample) => sample.split === split).map(({ id }) => folderOf(id));
    return new Set(own.filter((name) => name !== null && /\d/.test(name)));
  };
  const [valid, test] = [names('valid'), names('test')];
  if (new Set([...valid, ...test]).size < SEVERAL_FOLDERS) return [];
  return [...valid].flatMap((name) => (name !== null && test.has(name) ? name : []));
}

function sharedByName(samples: readonly Sample[]): SharedSource[] {
  const ids = (split: Split) => samples.filter((sample) => sample.split === split).map(({ id }) => id);
  return sharedSources(ids('valid'), ids('test'));
}

function sharedByPatient(samples: readonly Sample[]): SharedSource[] {
  const by = (split: Split) => {
    const out = new Map<string, string[]>();
    for (const { id, patient, split: own } of samples) {
      if (own === split && patient !== null) out.set(patient, [...(out.get(patient) ?? []), id]);
    }
    return out;
  };
  const [valid, test] = [by('valid'), by('test')];
  return [...valid].flatMap(([source, support]) => {
    const other = test.get(source);
    return other ? [{ source, support, test: other }] : [];
  });
}
