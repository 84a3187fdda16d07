import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, stem } from '../base/paths.ts';
import { isImageName } from '../data/decode.ts';
import { isMaskFolder, isNormalName, withoutMaskWord } from '../data/layout/words.ts';
import { DicomFile } from '../dicom/dicom_file.ts';
import { SEQUENCES } from '../dicom/tags.ts';
import type { Collected, CollectedVolume } from './collect.ts';
import { DicomVolume } from './dicom_volume.ts';
import type { Held } from './held.ts';
import { type LabelVolume, lazyLabels, type MaskSlices, niftiLabels, stackMasks } from './mask.ts';
import { secretFile } from './secret_name.ts';
import { segmentationLabels } from './segmentation.ts';

/** A volume of images, and how to get its lesions. */
export interface LabelledVolume extends CollectedVolume {
  /** On the grid of the volume as it is stored; `stack` of pictures, which know nothing else. Null: nothing is lesion. */
  readonly lesions: { readonly labels: LabelVolume } | { readonly stack: MaskSlices } | null;
}

/**
 * Finds the masks of volumes: a NIfTI file of the image's name with `_mask`, `_seg` or the like, or in a mask folder, or the one
 * mask beside the one image of a folder; a DICOM segmentation that names the series; a stack of pictures in a mask folder with the
 * names of the slices. Without any, a volume must lie in a folder of normal ones.
 * @param values of masks that are lesion, or null for all but 0
 * @throws FusionclipError `bad_data` for a volume that is neither, `usage` for values of a segmentation, and what the readers throw
 */
export async function pairLesions(
  fs: FileSystem,
  { volumes, segmentations, held }: Pick<Collected, 'volumes' | 'segmentations' | 'held'>,
  pictures: readonly string[],
  values: readonly number[] | null = null,
): Promise<LabelledVolume[]> {
  const masks = volumes.filter(isMask);
  const images = volumes.filter((one) => !masks.includes(one));
  const taken = new Set<CollectedVolume>();
  const series = await segmentedSeries(fs, segmentations);
  const stacks = pictures.filter((path) => isImageName(baseName(path)) && foldersOf(path).some(isMaskFolder));
  const out: LabelledVolume[] = [];
  for (const image of images) {
    const beside = images.filter((one) => placeOf(one.path) === placeOf(image.path));
    const mask =
      masks.find((one) => keyOf(one.path) === keyOf(image.path)) ??
      (beside.length === 1 ? masks.find((one) => placeOf(one.path) === placeOf(image.path)) : undefined);
    let lesions: LabelledVolume['lesions'] = null;
    if (mask) {
      taken.add(mask);
      const read = () => niftiLabels(fs, mask.path, mask.volume.name, values);
      lesions = { labels: lazyLabels(await read(), read, held, image.volume.name) };
    } else if (image.volume instanceof DicomVolume)
      lesions = await ofSeries(fs, image.volume, { series, stacks, values }, held);
    if (!lesions && !foldersOf(image.path).some(isNormalName)) {
      throw new FusionclipError(
        'bad_data',
        `${image.volume.name} has no mask; give it one (see docs/clinical.md), or put it into a folder called good.`,
      );
    }
    out.push({ ...image, lesions });
  }
  const lost = masks.find((one) => !taken.has(one));
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
  const names = new Set(volume.slices.map(({ path }) => stem(path)));
  const own = stacks.filter((path) => names.has(stem(path)));
  return own.length > 0 ? { stack: stackMasks(fs, volume, own, values) } : null;
}

/** Segmentations by the series that they name. */
async function segmentedSeries(fs: FileSystem, paths: readonly string[]): Promise<Map<string, string>> {
  const out = new Map<string, string>();
  for (const path of paths) {
    const file = DicomFile.read(await fs.readFile(path), await secretFile(fs, path));
    for (const item of file.facts((dataSet) => dataSet.items(SEQUENCES.referencedSeries))) {
      out.set(item.string('seriesUid'), path);
    }
  }
  return out;
}

function isMask({ path, kind }: CollectedVolume): boolean {
  return kind === 'NIfTI' && (withoutMaskWord(bareStem(path)) !== null || foldersOf(path).some(isMaskFolder));
}

function foldersOf(path: string): string[] {
  return path.split(/[/\\]/).slice(0, -1);
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
