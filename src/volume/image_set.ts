import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import { type Accepted, parseAccept } from './accept.ts';
import { decideWindow } from './decide_window.ts';
import { decideGrey, type GreyOf, requireOwn } from './grey.ts';
import type { LabelledVolume } from './pair_lesions.ts';
import {
  type Filled,
  fileName,
  maskPng,
  placeOf,
  pngOfSlice,
  type SlicedVolume,
  type SliceRules,
} from './sliced_volume.ts';
import type { Look, Volume } from './volume.ts';
import { type WindowRule, windowText } from './window.ts';

/** How a single image is shown: in words by its header, and in numbers when it is read. */
export interface ImageGrey {
  readonly text: string;
  readonly grey: GreyOf;
}

/**
 * How a single image is shown by a rule, without a look at its pixels.
 * @throws FusionclipError `usage` where the rule leads nowhere
 */
export function imageGrey(volume: Volume, given: WindowRule, words: string, accept: ReadonlySet<Accepted>): ImageGrey {
  const rule = given.kind === 'auto' ? decideWindow([volume], given.kind, words).rule : given;
  if (rule.kind === 'dicom') requireOwn(volume);
  let decided: ReturnType<GreyOf> | null = null;
  return {
    text: textOf(volume.look, rule),
    grey: () => {
      decided ??= decideGrey(volume, rule, words, accept);
      return decided;
    },
  };
}

function textOf(look: Look, rule: WindowRule): string {
  if (look === 'colour') return 'colours as they are';
  if (rule.kind === 'window') return `window ${windowText(rule.window)}`;
  if (rule.kind === 'percentile') return `percentiles ${rule.low} and ${rule.high} of each above its background`;
  if (rule.kind === 'full') return 'the full range of 8 bits';
  return look === 'table' ? 'the table of its file' : 'the window of its file';
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
  window: WindowRule,
  { files, places, names, ranks, masked }: Filled,
): Promise<SlicedVolume> {
  const { volume, lesions } = one;
  requireOnePlane(volume, rules);
  const { grey, text } = imageGrey(volume, window, '', parseAccept(rules.accept));
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
  const { scanner, shape, affine, modality, bodyPart, bits } = volume;
  return {
    ...{ name: volume.name, patient, kind: one.kind, placed: false, scanner, shape, affine, window: text },
    ...{ modality, bodyPart, bits },
    ...{ stacks: [{ order: [0, 1, 2], slices: [path] }], lesions: masks },
    ...{ normal: abnormal ? 0 : 1, abnormal: abnormal ? 1 : 0, empty: 0 },
  };
}
