import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, stem } from '../base/paths.ts';
import { isImageName } from '../data/decode.ts';
import { isMaskFolder, withoutMaskWord } from '../data/layout/words.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { SEQUENCES } from '../dicom/tags.ts';
import type { Collected, CollectedVolume } from './collect.ts';
import { DicomVolume } from './dicom_volume.ts';
import type { Held } from './held.ts';
import { type LabelVolume, lazyLabels, type MaskSlices, nameOfMask, niftiLabels, stackMasks } from './mask.ts';
import { isAbnormal, type LabelNames, unfitting } from './named_label.ts';
import { secretFile } from './secret_name.ts';
import { segmentationLabels } from './segmentation.ts';

/** A volume of images, and how to get its lesions. */
export interface LabelledVolume extends CollectedVolume {
  /** On the grid of the volume as it is stored; `stack` of pictures, which know nothing else. Null: nothing is lesion. */
  readonly lesions: { readonly labels: LabelVolume } | { readonly stack: MaskSlices } | null;
  /** Of a single image without a mask: whether its folder says abnormal. */
  readonly abnormal: boolean;
}

/** What of a set's rules says which volumes are normal, and what of a mask is lesion. */
export interface LesionRules extends LabelNames {
  readonly 'mask.values'?: readonly number[] | null;
}

/**
 * Finds the masks of volumes: a NIfTI file of the image's name with `_mask`, `_seg` or the like, or in a mask folder, or the one
 * mask beside the one image of a folder; a DICOM segmentation that names the series; a stack of pictures in a mask folder with the
 * names of the slices. Without any, a volume must lie in a folder of normal ones, a single image in one of normal or abnormal ones.
 * Folders above `root` say nothing.
 * @param say gets what is left out
 * @throws FusionclipError `bad_data` for a volume that is neither, `usage` for values of a segmentation, and what the readers throw
 */
export async function pairLesions(
  fs: FileSystem,
  root: string,
  { volumes, segmentations, held }: Pick<Collected, 'volumes' | 'segmentations' | 'held'>,
  pictures: readonly string[],
  rules: LesionRules = {},
  say: (note: string) => void = () => {},
): Promise<LabelledVolume[]> {
  const values = rules['mask.values'] ?? null;
  const foldersOf = (path: string) => foldersBelow(root, path);
  const isMask = ({ path, kind }: CollectedVolume) =>
    kind === 'NIfTI' && (withoutMaskWord(bareStem(path)) !== null || foldersOf(path).some(isMaskFolder));
  const masks = volumes.filter(isMask);
  const images = volumes.filter((one) => !masks.includes(one));
  const taken = new Set<CollectedVolume>();
  const series = await segmentedSeries(fs, segmentations);
  const stacks = pictures.filter((path) => isImageName(baseName(path)) && foldersOf(path).some(isMaskFolder));
  const picturesOf = picturesByPlace(root, stacks, images);
  const out: LabelledVolume[] = [];
  for (const image of images) {
    const beside = masks.length === 0 ? [] : images.filter((one) => placeOf(one.path) === placeOf(image.path));
    const mask =
      masks.find((one) => keyOf(one.path) === keyOf(image.path)) ??
      (beside.length === 1 ? masks.find((one) => placeOf(one.path) === placeOf(image.path)) : undefined);
    let lesions: LabelledVolume['lesions'] = null;
    if (mask) {
      taken.add(mask);
      const read = () => niftiLabels(fs, mask.path, mask.volume.name, values);
      lesions = { labels: lazyLabels(await read(), read, held, image.volume.name) };
    } else if (image.volume instanceof DicomVolume) {
      const { volume, path } = image;
      lesions = volume.placed
        ? await ofSeries(fs, volume, { series, stacks, values }, held)
        : ofImage(fs, volume, { series, values, masks: picturesOf(path) });
    }
    out.push({ ...image, lesions, abnormal: !lesions && isAbnormal(image.volume, foldersOf(image.path), rules) });
  }
  const lost = masks.find((one) => !taken.has(one));
  const known = new Set(
    images.flatMap(({ volume }) => (volume instanceof DicomVolume ? [volume.slices[0].series] : [])),
  );
  for (const text of unfitting(
    images.map(({ volume, path }) => ({ volume, folders: foldersOf(path) })),
    rules,
  ))
    say(text);
  const foreign = [...series.keys()].filter((one) => !known.has(one)).length;
  if (foreign > 0) say(`left out: segmentations of ${foreign} series that are not here`);
  if (lost)
    throw new FusionclipError('bad_data', `${lost.volume.name} is a mask of no volume; mend its name or remove it.`);
  return out;
}

async function ofSeries(
  fs: FileSystem,
  volume: DicomVolume,
  {
    series,
    stacks,
    values,
  }: { series: ReadonlyMap<string, string>; stacks: readonly string[]; values: readonly number[] | null },
  held: Held,
): Promise<LabelledVolume['lesions']> {
  const segmentation = series.get(volume.slices[0].series);
  if (segmentation) {
    if (values) {
      const text = `${volume.name} has a DICOM segmentation, whose segments all count as lesion; leave --mask.values, or give its mask as a NIfTI file.`;
      throw new FusionclipError('usage', text);
    }
    const read = async () => segmentationLabels(await fs.readFile(segmentation), await secretFile(fs, segmentation));
    return { labels: lazyLabels(await read(), read, held, volume.name) };
  }
  const names = new Set(volume.slices.map(({ path }) => nameOfMask(path)));
  const own = stacks.filter((path) => names.has(stem(path)));
  return own.length > 0 ? { stack: stackMasks(fs, volume, own, values) } : null;
}

/** The mask of a single image: the picture of its name. */
function ofImage(
  fs: FileSystem,
  volume: DicomVolume,
  {
    series,
    values,
    masks,
  }: { series: ReadonlyMap<string, string>; values: readonly number[] | null; masks: readonly string[] },
): LabelledVolume['lesions'] {
  if (series.has(volume.slices[0].series)) {
    const text = `${volume.name} has no place that a DICOM segmentation could share; give its mask as a picture in a folder called masks.`;
    throw new FusionclipError('bad_data', text);
  }
  if (masks.length > 1) {
    const text = `${volume.name}: ${masks.length} masks have the name of its file; give each file a name of its own, or masks the folders of their images.`;
    throw new FusionclipError('bad_data', text);
  }
  return masks.length > 0 ? { stack: stackMasks(fs, volume, masks, values) } : null;
}

/** Finds the masks that may be those of an image: with its name in the mask folder of its place, else with its name at all. */
function picturesByPlace(root: string, pictures: readonly string[], images: readonly CollectedVolume[]) {
  const placed = (path: string, name: string) => `${placeOf(path.slice(root.length))}/${name}`;
  const near = grouped(pictures, (path) => placed(path, stem(path)));
  const named = grouped(pictures, stem);
  const sharing = grouped(
    images.map(({ path }) => path),
    nameOfMask,
  );
  return (path: string): readonly string[] => {
    const name = nameOfMask(path);
    // Of images with one name none may take the mask of another.
    const far = sharing.get(name)!.length > 1 ? [] : (named.get(name) ?? []);
    return near.get(placed(path, name)) ?? far;
  };
}

function grouped(paths: readonly string[], key: (path: string) => string): Map<string, string[]> {
  const out = new Map<string, string[]>();
  for (const path of paths) {
    const known = out.get(key(path));
    if (known) known.push(path);
    else out.set(key(path), [path]);
  }
  return out;
}

/** Segmentations by the series that they name. @throws FusionclipError `bad_data` for two of one series */
async function segmentedSeries(fs: FileSystem, paths: readonly string[]): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  for (const path of paths) {
    const file = DicomFile.read(await fs.readFile(path), await secretFile(fs, path));
    for (const item of file.facts((dataSet) => dataSet.items(SEQUENCES.referencedSeries))) {
      const key = item.string('seriesUid');
      const other = out.get(key);
      if (other && other !== path) {
        const [one, two] = [await secretFile(fs, other), await secretFile(fs, path)];
        const text = `${one} and ${two} are segmentations of one series; leave one out, as --skip does by its name.`;
        throw new FusionclipError('bad_data', text);
      }
      out.set(key, path);
    }
  }
  return out;
}

function foldersOf(path: string): string[] {
  return path.split(/[/\\]/).slice(0, -1);
}

/** The folders of a file below one that was given. */
function foldersBelow(root: string, path: string): string[] {
  return foldersOf(path.startsWith(root) ? path.slice(root.length) : path);
}

/** The folder of a file, mask folders left out. */
function placeOf(path: string): string {
  return foldersOf(path)
    .filter((part) => !isMaskFolder(part))
    .join('/');
}

/** A name without `.nii.gz` and its like. */
export function bareStem(path: string): string {
  return baseName(path).replace(/\.(nii|hdr)(\.gz)?$/i, '');
}

/** What an image and its mask have in common. */
function keyOf(path: string): string {
  const name = bareStem(path);
  return `${placeOf(path)}/${withoutMaskWord(name) ?? name}`;
}
