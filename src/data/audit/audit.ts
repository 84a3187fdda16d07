import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { baseName, joinPath } from '../../base/paths.ts';
import type { Image } from '../image.ts';
import type { Sample } from '../layout/dataset.ts';
import type { Problem } from '../layout/problem.ts';
import { readScan } from '../layout/read_scan.ts';
import type { DataRules } from '../layout/rules.ts';
import { scanDataset } from '../layout/scan.ts';
import { type Fingerprint, fingerprint, nearPairs } from './fingerprint.ts';
import { type HashedFile, type IdenticalFiles, identicalFiles, type Part, sha256 } from './identical.ts';
import { type BrokenNesting, brokenNestings, readShotLists, type ShotList } from './shot_lists.ts';
import { type SharedSource, sharedSources, sourceName } from './source_name.ts';

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
  /** How the folders are read; `split.seed` deals a folder without a validation split. */
  readonly rules?: Partial<DataRules>;
  /** Called after each image. */
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** An image that has been read. */
interface Entry extends HashedFile {
  readonly print: Fingerprint | null;
}

/**
 * Looks for whatever lets a result know its test images: equal files, images that look the same, patients or volumes on
 * both sides, few-shot lists that are not nested; and for masks that cannot be right. Images are read one at a time.
 * Throws what `scanDataset` throws, and what few-shot lists of another form do.
 */
export async function auditDataset(fs: FileSystem, path: string, options: AuditOptions): Promise<AuditReport> {
  const { source = null, onProgress = () => {} } = options;
  const scan = await scanDataset(fs, path, options.rules);
  const lists = await readShotLists(fs, options.lists ?? path);
  const entries: Entry[] = [];
  const train = new Set(scan.train);
  const visit = async (sample: Sample, bytes: Uint8Array<ArrayBuffer> | null, image: Image | null) => {
    if (!bytes) return;
    const part: Part = train.has(sample) ? 'train' : sample.split;
    entries.push({ id: sample.id, part, sha256: await sha256(bytes), print: image && fingerprint(image) });
  };
  const reading = (done: number, total: number) => onProgress('images', done, total);
  const read = await readScan(fs, scan, { onProgress: reading, visit, train: true });
  const problems = [...scan.problems, ...read.problems];

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

/**
 * The sets in a folder: the folder itself, or those directly below it, as BMAD's six lie together.
 * @throws FusionclipError `io`, and `bad_data` when there is none
 */
export async function findDatasets(fs: FileSystem, path: string): Promise<string[]> {
  const refusal = await layoutError(fs, path);
  if (!refusal) return [path];
  const found: string[] = [];
  for (const { name, kind } of await fs.list(path)) {
    const below = joinPath(path, name);
    if (kind !== 'directory' || name.startsWith('.')) continue;
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
