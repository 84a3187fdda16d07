import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { baseName, joinPath } from '../../base/paths.ts';
import { ruleStream } from '../../base/rule.ts';
import { type ClassFolder, findName, listClass, MASK_FOLDERS, subfolders } from './class_folder.ts';
import type { DatasetKind, LayoutName, Sample, Split } from './dataset.ts';

/** One class folder of a scanned data set and the samples that came from it. */
export interface ScannedClass extends ClassFolder {
  readonly label: 0 | 1;
  /** The splits that this folder should fill. */
  readonly splits: readonly Split[];
  readonly samples: readonly Sample[];
}

/** All that the folders of a data set say, complete or not. */
export interface Scan {
  readonly name: string;
  readonly path: string;
  readonly layout: LayoutName;
  readonly kind: DatasetKind;
  readonly classes: readonly ScannedClass[];
}

const VALID_FOLDERS = ['valid', 'val', 'validation'];
const GROUND_TRUTH = 'ground_truth';
/** Folders that are not the name of a class. */
const NOT_A_CLASS = [GROUND_TRUTH, 'train', 'test', ...VALID_FOLDERS, ...MASK_FOLDERS, 'mask', 'masks'];

/**
 * Finds out how a data set is arranged and lists its images. Folder names are compared without regard to case; every
 * folder of a split besides `good` is a class of abnormal images.
 *
 * * `bmad`: `DIR/{valid,test}/{good,Ungood}`. With images in `img` and masks in `anomaly_mask` or `label` below them it
 *   is a pixel set, with images directly in the class folders an image-level set. `DIR/train` is not used.
 * * `mvtec`: `DIR/test/{good,<defect>…}` without `valid`, masks in `DIR/ground_truth/<defect>`.
 * * `folder`: `DIR/good` and at least one other folder, masks in `DIR/ground_truth/<other>` if that exists.
 *
 * The last two have no validation split. Each class is dealt out by itself: its images are sorted, ordered by the random
 * stream (`split.<class folder>`, `splitSeed`), and the first half, rounded up, becomes `valid`. If `DIR/train/good`
 * exists, all of it is `valid` and `test/good` stays whole. The same folder and seed always give the same split.
 *
 * Throws `FusionclipError('io')` when there is no such folder and `'bad_data'` when it has none of these arrangements.
 */
export async function scanDataset(fs: FileSystem, path: string, splitSeed = 0): Promise<Scan> {
  if ((await fs.stat(path))?.kind !== 'directory') {
    throw new FusionclipError('io', `There is no folder ${path}; check the path of the data set.`);
  }
  const top = await subfolders(fs, path);
  const valid = findName(top, VALID_FOLDERS);
  const test = findName(top, ['test']);
  if (valid && test) {
    const classes = [
      ...(await scanClasses(fs, path, valid, 'valid', null)),
      ...(await scanClasses(fs, path, test, 'test', null)),
    ];
    return finish(path, 'bmad', classes);
  }
  const truth = findName(top, [GROUND_TRUTH]) ?? null;
  if (!valid && test && findName(await subfolders(fs, joinPath(path, test)), ['good'])) {
    const classes = await scanClasses(fs, path, test, 'test', truth);
    const training = await trainingNormals(fs, path, top);
    const dealt = classes.map((c) => (training && c.label === 0 ? c : deal(c, splitSeed)));
    return finish(path, 'mvtec', training ? [training, ...dealt] : dealt);
  }
  if (!valid && !test && findName(top, ['good'])) {
    const classes = await scanClasses(fs, path, '', 'test', truth);
    return finish(
      path,
      'folder',
      classes.map((c) => deal(c, splitSeed)),
    );
  }
  throw wrongLayout(path, top);
}

/** The classes in one folder; all samples get `split`. */
async function scanClasses(
  fs: FileSystem,
  root: string,
  folder: string,
  split: Split,
  truth: string | null,
): Promise<ScannedClass[]> {
  const names = await subfolders(fs, joinPath(root, folder));
  const good = findName(names, ['good']);
  const others = names.filter((name) => name !== good && !NOT_A_CLASS.includes(name.toLowerCase()));
  if (!good || others.length === 0) throw wrongLayout(joinPath(root, folder), names);
  const truths = truth ? await subfolders(fs, joinPath(root, truth)) : [];
  const classes: ScannedClass[] = [];
  for (const name of [good, ...others]) {
    const masks = findName(truths, [name.toLowerCase()]);
    const found = await listClass(fs, root, joinPath(folder, name), masks && truth ? joinPath(truth, masks) : null);
    classes.push(withSamples(root, found, name === good ? 0 : 1, split));
  }
  return classes;
}

async function trainingNormals(fs: FileSystem, root: string, top: readonly string[]): Promise<ScannedClass | null> {
  const train = findName(top, ['train']);
  const good = train && findName(await subfolders(fs, joinPath(root, train)), ['good']);
  if (!train || !good) return null;
  return withSamples(root, await listClass(fs, root, joinPath(train, good)), 0, 'valid');
}

function withSamples(root: string, found: ClassFolder, label: 0 | 1, split: Split): ScannedClass {
  const samples = found.images.map(({ image, mask }) => ({
    id: image,
    path: joinPath(root, image),
    label,
    maskPath: mask === null ? null : joinPath(root, mask),
    split,
  }));
  return { ...found, label, splits: [split], samples };
}

/** Splits a class in halves by the random stream of its folder. */
function deal(found: ScannedClass, seed: number): ScannedClass {
  const random = ruleStream(`split.${found.imageFolder}`, seed);
  const sorted = found.samples.map(({ id }) => id).sort();
  const key = new Map(sorted.map((id, i) => [id, random(i)]));
  const order = [...sorted].sort((a, b) => key.get(a)! - key.get(b)!);
  const valid = new Set(order.slice(0, Math.ceil(order.length / 2)));
  const samples = found.samples.map((sample) => ({
    ...sample,
    split: (valid.has(sample.id) ? 'valid' : 'test') as Split,
  }));
  return { ...found, splits: ['valid', 'test'], samples };
}

function finish(path: string, layout: LayoutName, classes: ScannedClass[]): Scan {
  const kind = classes.some((c) => c.label === 1 && (c.nested || c.maskFolder !== null)) ? 'pixel' : 'image';
  return { name: baseName(path), path, layout, kind, classes };
}

function wrongLayout(path: string, folders: readonly string[]): FusionclipError {
  const shown = folders.slice(0, 8).join(', ') + (folders.length > 8 ? `, and ${folders.length - 8} more` : '');
  return new FusionclipError(
    'bad_data',
    `${path} is not a data set: expected valid/ and test/ with good/ and Ungood/ in each, or test/good/ and others, or ` +
      `good/ and at least one other folder; found ${folders.length === 0 ? 'no folder' : shown}.`,
  );
}
