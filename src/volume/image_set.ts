import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import type { DicomVolume } from './dicom_volume.ts';
import { decideGrey, type GreyHints, type GreyOf } from './grey.ts';
import type { LabelledVolume } from './pair_lesions.ts';
import type { SliceHeader } from './slice_header.ts';
import {
  type Filled,
  fileName,
  maskPng,
  placeOf,
  pngOfSlice,
  type SlicedVolume,
  type SliceRules,
} from './sliced_volume.ts';
import type { Volume } from './volume.ts';
import { parseWindow, type WindowRule } from './window.ts';

/** How a single image is shown: in words by its header, and in numbers when it is read. */
export interface ImageGrey {
  readonly text: string;
  readonly grey: GreyOf;
}

/**
 * Decides how a single image is shown, by itself and without a look at its pixels.
 * @throws FusionclipError `usage` where `dicom` leads nowhere
 */
export function imageGrey(volume: Volume, rule: WindowRule, hints: GreyHints): ImageGrey {
  const [header] = (volume as DicomVolume).slices;
  if (rule.kind === 'dicom' && !header.colour && header.shown !== 'table' && header.shown !== 'window') {
    const text = `${volume.name}: its file names no window; give --window W,L or percentile:LO,HI.`;
    throw new FusionclipError('usage', text);
  }
  let decided: ReturnType<GreyOf> | null = null;
  return {
    text: textOf(header, rule),
    grey: () => {
      decided ??= decideGrey(volume, rule, hints);
      return decided;
    },
  };
}

function textOf({ shown, colour }: SliceHeader, rule: WindowRule): string {
  if (colour) return 'colours as they are';
  if (rule.kind === 'window') return `window ${rule.window.width},${rule.window.center}`;
  if (rule.kind === 'percentile') return `percentiles ${rule.low} and ${rule.high} of each above its background`;
  if (shown === 'table') return 'the table of its file';
  if (shown === 'window') return 'the window of its file';
  return shown === '8 bits' ? 'the full range of 8 bits' : 'percentiles 0.5 and 99.5 of each above its background';
}

/** One plane is all that an image has. @throws FusionclipError `usage` */
export function requireOnePlane({ name }: Volume, { plane }: SliceRules): void {
  if (plane === 'auto') return;
  throw new FusionclipError('usage', `${name} is no volume and has one plane; leave --plane ${plane}.`);
}

/** A single image as a file of a data set: abnormal by its mask, else by its folder. It is read when it is asked for. */
export async function addImage(
  one: LabelledVolume,
  root: string,
  rules: SliceRules,
  words: string,
  { files, places, names, ranks, masked }: Filled,
): Promise<SlicedVolume> {
  const { volume, lesions } = one;
  requireOnePlane(volume, rules);
  const { grey, text } = imageGrey(volume, parseWindow(rules.window), { words });
  const masks = lesions && 'stack' in lesions ? lesions.stack : null;
  const abnormal = masks ? (await masks(0)).includes(1) : one.abnormal;
  const { split, ...place } = placeOf(one, root);
  const patient = ranks.ranked(place.patient, one.rank.split(' ')[0]);
  const own = ranks.ranked(fileName(volume.name), one.rank);
  let name = own;
  for (let i = 2; names.has(`${split}/${patient}/${name}`); i++) name = `${own}-${i}`;
  names.add(`${split}/${patient}/${name}`);
  const folder = joinPath(split, abnormal ? 'Ungood' : 'good');
  const file = `${patient}_${name}.png`;
  const path = joinPath(folder, masked ? 'img' : '', patient, file);
  files.set(path, () => pngOfSlice(volume, grey, 0));
  places.set(path, { volume, grey, k: 0 });
  const [width, height] = volume.shape;
  if (abnormal && masks)
    files.set(joinPath(folder, 'anomaly_mask', patient, file), () => maskPng(masks, 0, width, height));
  const { scanner, shape, affine } = volume;
  return {
    ...{ name: volume.name, patient, kind: one.kind, placed: false, scanner, shape, affine, window: text },
    ...{ stacks: [{ order: [0, 1, 2], slices: [path] }], lesions: masks },
    ...{ normal: abnormal ? 0 : 1, abnormal: abnormal ? 1 : 0, empty: 0 },
  };
}
