import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { baseName, joinPath } from '../../base/paths.ts';
import type { Image } from '../image.ts';
import { checkScan, type Problem } from '../layout/check.ts';
import { findName, listClass, subfolders } from '../layout/class_folder.ts';
import type { Sample } from '../layout/dataset.ts';
import { type Scan, type ScannedClass, scanDataset } from '../layout/scan.ts';
import { type Fingerprint, fingerprint, nearPairs } from './fingerprint.ts';
import { type BrokenNesting, brokenNestings, readShotLists, type ShotList } from './shot_lists.ts';
import { type SharedSource, sharedSources, sourceName } from './source_name.ts';

/** Where an image lies: `train` and `valid` are what support images come from. */
export type Part = 'train' | 'valid' | 'test';

/** Files with equal bytes. */
export interface IdenticalFiles {
  readonly sha256: string;
  readonly files: readonly string[];
  /** Whether support and test have it both. */
  readonly across: boolean;
}

/** An image of the support side and one of test that look nearly the same. */
export interface NearIdentical {
  readonly support: string;
  readonly test: string;
  /** 1 − correlation, of `pictureDistance`. */
  readonly distance: number;
}

/** A few-shot list held against the set. */
export interface ListAudit {
  readonly file: string;
  readonly shots: number;
  /** Names that `valid` and `train` do not have. */
  readonly unknown: readonly string[];
  /** Patients or volumes of the listed images, and those of them that are in test too. */
  readonly sources: number;
  readonly shared: readonly SharedSource[];
}

/** All that `data audit` finds in a set; plain data. Paths are relative to the set. */
export interface AuditReport {
  readonly path: string;
  readonly name: string;
  readonly images: Readonly<Record<Part, number>>;
  readonly identical: readonly IdenticalFiles[];
  readonly near: readonly NearIdentical[];
  readonly shared: readonly SharedSource[];
  readonly lists: readonly ListAudit[];
  readonly notNested: readonly BrokenNesting[];
  /** Images and masks that cannot be read, that are missing, empty, or of another size. */
  readonly problems: readonly Problem[];
  /** Whether anything of test is known on the support side, or lists are not nested. */
  readonly leaks: boolean;
}

/** How a set is audited. */
export interface AuditOptions {
  /** Largest distance of near-identical images. */
  readonly near: number;
  /** Finds the patient or volume in a file name, in place of `sharedSources`' own rule. */
  readonly source?: RegExp | null;
  /** Folder with few-shot lists; by default the set's own. */
  readonly lists?: string | null;
  /** Deals a folder without a validation split. */
  readonly splitSeed?: number;
  /** Called after each image. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** An image that has been read. */
interface Entry {
  readonly id: string;
  readonly part: Part;
  readonly sha256: string;
  readonly print: Fingerprint | null;
}

/**
 * Looks for whatever lets a result know its test images: equal files, images that look the same, patients or volumes on
 * both sides, few-shot lists that are not nested; and for masks that cannot be right. Images are read one at a time.
 * Throws what `scanDataset` throws, and what few-shot lists of another form do.
 */
export async function auditDataset(fs: FileSystem, path: string, options: AuditOptions): Promise<AuditReport> {
  const { source = null, onProgress = () => {} } = options;
  const scan = await scanDataset(fs, path, options.splitSeed);
  const lists = await readShotLists(fs, options.lists ?? path);
  const training = scan.layout === 'bmad' ? await trainClasses(fs, path) : [];
  const entries: Entry[] = [];
  const collect = (part: (sample: Sample) => Part) => async (sample: Sample, bytes: Bytes, image: Image | null) => {
    if (!bytes) return;
    entries.push({
      ...{ id: sample.id, part: part(sample), sha256: await sha256(bytes) },
      print: image && fingerprint(image),
    });
  };
  const reading = (done: number, total: number) => onProgress('images', done, total);
  const problems = await checkScan(
    fs,
    scan,
    reading,
    collect(({ split }) => split),
  );
  const more: Scan = { ...scan, classes: training };
  const readingMore = (done: number, total: number) => onProgress('images of train', done, total);
  problems.push(
    ...(await checkScan(
      fs,
      more,
      readingMore,
      collect(() => 'train'),
    )),
  );

  const support = entries.filter(({ part }) => part !== 'test');
  const test = entries.filter(({ part }) => part === 'test');
  const identical = identicalFiles(entries);
  const near = nearIdentical(support, test, options.near, (done) => onProgress('pairs', done, support.length));
  const ids = (side: readonly Entry[]) => side.map(({ id }) => id);
  const shared = sharedSources(ids(support), ids(test), source);
  const audited = lists.map((list) => auditList(list, ids(support), ids(test), source));
  const notNested = brokenNestings(lists);
  const count = (part: Part) => entries.filter((entry) => entry.part === part).length;
  return {
    path,
    name: scan.name,
    images: { train: count('train'), valid: count('valid'), test: count('test') },
    ...{ identical, near, shared, lists: audited, notNested, problems },
    leaks: identical.some(({ across }) => across) || near.length + shared.length + notNested.length > 0,
  };
}

type Bytes = Uint8Array<ArrayBuffer> | null;

/**
 * The sets in a folder: the folder itself, or those directly below it, as BMAD's six lie together.
 * @throws FusionclipError `io`, and `bad_data` when there is none
 */
export async function findDatasets(fs: FileSystem, path: string): Promise<string[]> {
  const refusal = await layoutError(fs, path);
  if (!refusal) return [path];
  const found: string[] = [];
  for (const name of await subfolders(fs, path)) {
    const below = joinPath(path, name);
    if (!(await layoutError(fs, below))) found.push(below);
  }
  if (found.length === 0) throw refusal;
  return found;
}

/** Why a folder is no data set, or null; other failures are thrown. */
async function layoutError(fs: FileSystem, path: string): Promise<FusionclipError | null> {
  try {
    await scanDataset(fs, path);
    return null;
  } catch (error) {
    if (!(error instanceof FusionclipError) || error.code !== 'bad_data') throw error;
    return error;
  }
}

/** The classes of `DIR/train`, which no method of this program trains on, but others do. */
async function trainClasses(fs: FileSystem, root: string): Promise<ScannedClass[]> {
  const train = findName(await subfolders(fs, root), ['train']);
  if (!train) return [];
  const classes: ScannedClass[] = [];
  for (const name of await subfolders(fs, joinPath(root, train))) {
    const found = await listClass(fs, root, joinPath(train, name));
    const label = name.toLowerCase() === 'good' ? 0 : 1;
    const samples = found.images.map(
      ({ image, mask }): Sample => ({
        ...{ id: image, path: joinPath(root, image), label, split: 'valid' },
        maskPath: mask === null ? null : joinPath(root, mask),
      }),
    );
    // An empty folder is no fault of a split that nothing asks for.
    if (samples.length > 0) classes.push({ ...found, label, splits: ['valid'], samples });
  }
  return classes;
}

function identicalFiles(entries: readonly Entry[]): IdenticalFiles[] {
  const byHash = new Map<string, Entry[]>();
  for (const entry of entries) byHash.set(entry.sha256, [...(byHash.get(entry.sha256) ?? []), entry]);
  return [...byHash]
    .filter(([, same]) => same.length > 1)
    .map(([hash, same]) => ({
      sha256: hash,
      files: same.map(({ id }) => id),
      across: same.some(({ part }) => part === 'test') && same.some(({ part }) => part !== 'test'),
    }))
    .sort((a, b) => Number(b.across) - Number(a.across));
}

/** Near pairs but for those whose files are equal. */
function nearIdentical(
  support: readonly Entry[],
  test: readonly Entry[],
  threshold: number,
  onRow: (done: number) => void,
): NearIdentical[] {
  const seen = (side: readonly Entry[]) => side.filter(({ print }) => print !== null);
  const [left, right] = [seen(support), seen(test)];
  const prints = (side: readonly Entry[]) => side.map(({ print }) => print!);
  return nearPairs(prints(left), prints(right), threshold, onRow)
    .filter(({ a, b }) => left[a].sha256 !== right[b].sha256)
    .map(({ a, b, distance }) => ({ support: left[a].id, test: right[b].id, distance }));
}

function auditList(
  { file, shots, normal, abnormal }: ShotList,
  support: readonly string[],
  test: readonly string[],
  source: RegExp | null,
): ListAudit {
  const names = [...normal, ...abnormal];
  const known = new Set(support.map(baseName));
  const sources = new Set(names.map((name) => sourceName(name, source)).filter((name) => name !== null));
  return {
    ...{ file, shots },
    unknown: names.filter((name) => !known.has(name)),
    sources: sources.size,
    shared: sharedSources(names, test, source),
  };
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
