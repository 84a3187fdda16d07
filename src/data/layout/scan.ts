import { serverOf } from '../../base/address.ts';
import { FusionclipError } from '../../base/errors.ts';
import type { FileSystem } from '../../base/file_system.ts';
import { baseName, extension, joinPath } from '../../base/paths.ts';
import { arrange } from './arrange.ts';
import type { MaskFiles, Sample, Split } from './dataset.ts';
import { deal, dealByPatient } from './deal.ts';
import type { LeftOutFile } from './left_out.ts';
import { type Pairing, type Placed, pairMasks, splitMasks } from './pair_masks.ts';
import { patientRule } from './patients.ts';
import { placeOf } from './place.ts';
import type { Problem } from './problem.ts';
import { type DataRules, dataRules, matchesPattern, plainName } from './rules.ts';
import { folderProblems } from './scan_problems.ts';
import type { Scan, ScannedClass } from './scanned.ts';
import { walk } from './walk.ts';

/**
 * Finds out how a data set is arranged and lists its images at any depth. Names of folders are compared without regard to
 * case and Unicode form.
 *
 * * `bmad`: `DIR/{valid,test}/{good,Ungood}`. `DIR/train` is not used.
 * * `train-test`: `DIR/{train,test}/{good,Ungood}` without `valid`; `train` stands for it.
 * * `mvtec`: `DIR/test/{good,<defect>…}` without `valid`. `DIR/train/good`, if there, is `valid`, and `test/good` stays whole.
 * * `folder`: `DIR/good` and at least one other folder.
 *
 * What is normal and what is abnormal is said at `tellClasses`, where masks may lie at `placeOf` and `pairMasks`. Of the
 * last two arrangements what has no split is dealt out, each class by itself: its images are sorted, ordered by the
 * random stream (`split.<class folder>`, `split.seed`), and the first half, rounded up, becomes `valid`; with `group` all
 * images of a patient go to one side. The same folder, rules and seed always give the same split.
 *
 * Throws `FusionclipError('io')` when there is no such folder and `'bad_data'` when it has none of these arrangements.
 */
export async function scanDataset(fs: FileSystem, path: string, given: Partial<DataRules> = {}): Promise<Scan> {
  const rules = dataRules(given);
  await requireFolder(fs, path);
  const found = await walk(fs, path, rules.skip);
  const { images: pictures, leftOut: others } = found;
  if (pictures.length === 0 && others.length > 0 && others.every(({ why }) => why === 'skipped')) {
    const text = `--skip ${rules.skip.join(',')} leaves out all that is in ${path}; leave out less.`;
    throw new FusionclipError('bad_data', text);
  }
  const siblings = new Set(found.folders);
  const placed = (file: string): Placed => {
    const dir = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    return { path: file, dir, place: placeOf(dir, siblings) };
  };
  const { images, masks } = splitMasks(found.images.map(placed));
  const folders = found.folders.map((folder) => ({ folder, place: placeOf(folder, siblings) }));
  const arrangement = arrange(path, folders, rules);

  const leftOut: LeftOutFile[] = [...found.leftOut];
  const used = images.flatMap((image) => {
    const own = arrangement.classOf(image.place);
    return own ? [{ ...image, label: own.label }] : [];
  });
  const train: Placed[] = [];
  for (const image of images) {
    const why = arrangement.whyNot(image.place);
    if (why === null) continue;
    leftOut.push({ path: image.path, why });
    if (why === 'train') train.push(image);
  }
  const trainMasks = masks.filter(({ place }) => arrangement.whyNot(place) === 'train');
  const pairing = pairMasks(
    used,
    masks.filter((mask) => !trainMasks.includes(mask)),
  );
  for (const { path: mask } of trainMasks) leftOut.push({ path: mask, why: 'train' });
  for (const { path: mask, place } of pairing.extra) {
    const why = place.name === null ? null : arrangement.whyNot(place);
    leftOut.push({ path: mask, why: why === null || why === 'outside' ? 'extra_mask' : why });
  }
  for (const { path: mask } of pairing.secondFormat) leftOut.push({ path: mask, why: 'second_format' });

  const patient = patientRule(rules.group);
  const background: MaskFiles['background'] = rules['mask.background'] === 'white' ? 'white' : 'black';
  const orientation = rules['mask.orientation'];
  const values = rules['mask.values'];
  const meaning = { background, ...(orientation !== 'auto' && { orientation }), ...(values && { values }) };
  const sample = ({ path: id, place }: Placed, label: 0 | 1, split: Split, own: Pairing): Sample => {
    const paths = own.masks.get(id)?.map((mask) => joinPath(path, mask)) ?? [];
    const mask: MaskFiles | null = paths.length === 0 ? null : { paths, ...meaning };
    return { id, path: joinPath(path, id), label, mask, split, patient: patient(id, place.sub) };
  };
  const classes = arrangement.classes.map(({ folder, label, split }): ScannedClass => {
    const own = used.filter(({ place }) => place.folder === folder);
    const nested = own.some(({ place }) => place.nested) || siblings.has(joinPath(folder, 'img'));
    return {
      label,
      splits: split === 'deal' ? ['valid', 'test'] : [split],
      folder,
      imageFolder: nested ? joinPath(folder, 'img') : folder,
      nested,
      maskFolder: maskFolderOf(folder, folders),
      samples: own.map((one) => sample(one, label, split === 'deal' ? 'test' : split, pairing)),
      otherFiles: otherFiles(folder, found.leftOut),
    };
  });
  const dealt = dealClasses(classes, rules);
  const trainLabel = ({ place }: Placed) => (arrangement.isNormal(place.name ?? '') ? 0 : 1);
  const trainPairs = pairMasks(
    train.map((image) => ({ ...image, label: trainLabel(image) })),
    trainMasks,
  );
  const pixel = dealt.some((c) => c.label === 1 && (c.nested || c.maskFolder || c.samples.some(({ mask }) => mask)));
  const scan: Omit<Scan, 'problems'> = {
    name: serverOf(path) ?? baseName((await fs.absolutePath?.(path)) ?? path),
    path,
    layout: arrangement.layout,
    kind: pixel ? 'pixel' : 'image',
    classes: dealt,
    train: train.map((image) => sample(image, trainLabel(image), 'valid', trainPairs)),
    leftOut,
    pairing,
  };
  return { ...scan, problems: [...unusedRules(path, found, rules), ...folderProblems(scan, arrangement, rules)] };
}

/** Gives images of classes without splits their split. */
function dealClasses(classes: readonly ScannedClass[], rules: DataRules): ScannedClass[] {
  const seed = rules['split.seed'];
  const isDealt = ({ splits }: ScannedClass) => splits.length > 1;
  if (rules.group === null) return classes.map((c) => (isDealt(c) ? { ...c, samples: deal(c, seed) } : c));
  const fixed = classes.filter((c) => !isDealt(c)).flatMap(({ samples }) => samples);
  const split = dealByPatient(classes.filter(isDealt), fixed, seed);
  const given = (sample: Sample) => ({ ...sample, split: split.get(sample.id) ?? sample.split });
  return classes.map((c) => (isDealt(c) ? { ...c, samples: c.samples.map(given) } : c));
}

/** The folder that could hold masks of a class: one in it, or one for its split or for all of them. */
function maskFolderOf(folder: string, folders: Parameters<typeof arrange>[1]): string | null {
  const own = folders.find(({ folder: one }) => one === folder)?.place;
  const fits = folders.filter(({ place }) => {
    if (place.masks === null || (place.split !== null && place.split !== own?.split)) return false;
    return place.name === null || plainName(place.name) === plainName(own?.name ?? '');
  });
  const named = fits.filter(({ place }) => place.name !== null);
  // A folder whose subfolders are named after classes is for those alone.
  const shared = fits.filter(({ folder: one, place }) => {
    const inside = folders.filter((other) => other.place.masks === place.masks && other.folder !== one);
    return place.name === null && !inside.some((other) => other.place.name !== null);
  });
  return named[0]?.folder ?? shared[0]?.folder ?? null;
}

function otherFiles(folder: string, leftOut: readonly LeftOutFile[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { path, why } of leftOut) {
    if (!['other', 'unread', 'unnamed_picture'].includes(why) || !path.startsWith(`${folder}/`)) continue;
    counts[extension(path)] = (counts[extension(path)] ?? 0) + 1;
  }
  return counts;
}

/** Names that a user has given and that nothing has. */
function unusedRules(path: string, found: Awaited<ReturnType<typeof walk>>, rules: DataRules): Problem[] {
  const all = [...found.images, ...found.folders, ...found.leftOut.map((file) => file.path.replace(/\/$/, ''))];
  return (['normal', 'abnormal', 'skip'] as const).flatMap((flag) =>
    rules[flag]
      .filter((name) => !(flag === 'skip' && rules.skipped?.includes(name)))
      .filter((name) => !all.some((one) => matchesPattern(one, name)))
      .map((name): Problem => {
        const message = `--${flag} ${name} fits nothing in it`;
        return { kind: 'unused_rule', severity: 'warning', path, message };
      }),
  );
}

/** @throws FusionclipError `io` where a data set's folder is none */
export async function requireFolder(fs: FileSystem, path: string): Promise<void> {
  const stat = await fs.stat(path);
  if (stat?.kind === 'directory') return;
  const text = stat ? `${path} is a file; give the folder of` : `There is no folder ${path}; check the path of`;
  throw new FusionclipError('io', `${text} the data set.`);
}
