import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { parseAccept, refusalOf } from './accept.ts';
import { acquisitionOf, asDecided, requireAlike } from './acquired.ts';
import { type Collected, collectVolumes, filesBelow, nameBelow } from './collect.ts';
import { type DecidedWindow, decideWindow } from './decide_window.ts';
import { decideGrey } from './grey.ts';
import type { Held } from './held.ts';
import { addImage } from './image_set.ts';
import { Light } from './light.ts';
import { masksOnto, seenMasks } from './mask.ts';
import { bareStem, type LabelledVolume, pairLesions } from './pair_lesions.ts';
import { axisOrders, planeNames, turned } from './plane.ts';
import { Remarks } from './remarks.ts';
import { Skips } from './skips.ts';
import {
  type Filled,
  fileName,
  maskPng,
  placeOf,
  pngOfSlice,
  Ranks,
  type SlicedVolume,
  type SlicePlace,
  type SliceRules,
} from './sliced_volume.ts';
import type { SliceStack } from './stack.ts';
import type { WindowRule } from './window.ts';

/** Slices of volumes as the files of a data set in BMAD's layout. */
export interface SliceSet {
  /** Paths relative to the folder, and what makes the PNG file of each. */
  readonly files: ReadonlyMap<string, () => Promise<Uint8Array<ArrayBuffer>>>;
  /** What the pictures among them show. */
  readonly places: ReadonlyMap<string, SlicePlace>;
  readonly volumes: readonly SlicedVolume[];
  /** How the values of all of them become grey levels. */
  readonly window: DecidedWindow;
  /** Of the patterns of what is left out, those that have left out something. */
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
}

/**
 * The slices of all volumes below a folder: those with a lesion are abnormal, those without are normal, empty ones are left
 * out. `valid` and `test` are the folders of these names; where there are none, patients are dealt later. Slices are decoded
 * when they are asked for; to know which are empty, each is looked at once.
 * @throws FusionclipError `bad_data` with all refusals of series, and what the readers throw
 */
export async function openSliceSet(
  fs: FileSystem,
  root: string,
  rules: SliceRules,
  words: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<SliceSet> {
  const { volume, trained } = rules;
  const accept = parseAccept(rules.accept);
  const skip = new Skips(rules.skip);
  const collected = await collectVolumes(fs, root, { accept, volume, skip });
  requireAll(root, collected);
  const pictures = (await filesBelow(fs, root)).filter((path) => !skip.has(nameBelow(root, path)));
  const notes = [...collected.notes];
  const labelled = await pairLesions(fs, root, collected, pictures, rules, (note) => notes.push(note));
  const files = new Map<string, () => Promise<Uint8Array<ArrayBuffer>>>();
  const ranks = new Ranks(labelled.map(({ rank }) => rank));
  const masked = labelled.some(({ volume, lesions }) => volume.placed || lesions !== null);
  const filled: Filled = { files, places: new Map(), names: new Set(), ranks, masked, remarks: new Remarks() };
  const window = decideWindow(
    labelled.map(({ volume }) => volume),
    rules.window,
    words,
  );
  if (trained) {
    const found = labelled.map(({ volume }) => acquisitionOf(volume, axisOrders(volume, rules.plane)));
    notes.push(...requireAlike(found, trained, window.text, accept).lines());
  }
  const rule = asDecided(window.rule, trained);
  const volumes: SlicedVolume[] = [];
  for (const [i, one] of labelled.entries()) {
    onProgress(i, labelled.length);
    const add = one.volume.placed ? addVolume : addImage;
    volumes.push(await add(one, root, rules, rule, filled, collected.held));
  }
  const said = [...notes, ...filled.remarks.lines(), ...codeNotes(labelled, rules)];
  return { files, places: filled.places, volumes, window, skipped: skip.fitting, notes: said };
}

/** That masks hold codes of several things, where nobody says which of them are lesion. */
function codeNotes(labelled: readonly LabelledVolume[], rules: SliceRules): string[] {
  const labels = labelled.flatMap(({ lesions }) => (lesions && 'labels' in lesions ? [lesions.labels] : []));
  const several = labels.find(({ codes }) => (codes?.length ?? 0) > 1);
  if (!several || rules['mask.values']) return [];
  const found = [...new Set(labels.flatMap(({ codes }) => codes ?? []))].sort((a, b) => a - b);
  return [
    `${several.name} and others hold the values ${found.join(', ')}, and each counts as lesion; --mask.values ${found[found.length - 1]} or a list takes those alone`,
  ];
}

function requireAll(root: string, { refused, volumes }: Collected): void {
  if (refused.length > 0) throw refusalOf(refused);
  if (volumes.length === 0) throw new FusionclipError('bad_data', `${root} holds no volume; give another folder.`);
}

async function addVolume(
  one: LabelledVolume,
  root: string,
  rules: SliceRules,
  window: WindowRule,
  { files, places, names, ranks, remarks }: Filled,
  held: Held,
): Promise<SlicedVolume> {
  const { volume: stored, lesions } = one;
  if (lesions && 'stack' in lesions && rules.plane !== 'auto') {
    throw new FusionclipError('usage', `${stored.name}: masks that are pictures know one plane; leave --plane auto.`);
  }
  const grey = await decideGrey(stored, window, '', parseAccept(rules.accept));
  const greyOf = async () => grey;
  const { split, ...place } = placeOf(one, root);
  const patient = ranks.ranked(place.patient, one.rank.split(' ')[0]);
  let name = one.kind === 'DICOM' ? ranks.ranked(fileName(stored.name), one.rank) : fileName(bareStem(one.path));
  for (let i = 2; names.has(`${split}/${patient}/${name}`); i++) name = `${name.replace(/-\d+$/, '')}-${i}`;
  names.add(`${split}/${patient}/${name}`);
  const counts = { normal: 0, abnormal: 0, empty: 0 };
  const orders = axisOrders(stored, rules.plane);
  const stacks: SliceStack[] = [];
  const planes = planeNames(stored, orders);
  const light = new Light();
  for (const [i, order] of orders.entries()) {
    const volume = turned(stored, order, held);
    const own = lesions && ('stack' in lesions ? lesions.stack : masksOnto(volume, lesions.labels));
    const masks = own && seenMasks(own, stored, order);
    const [width, height, depth] = volume.shape;
    const slices: (string | null)[] = [];
    for (let k = 0; k < depth; k++) {
      if (volume.missing?.has(k)) {
        slices.push(null);
        continue;
      }
      const mask = masks && (await masks(k));
      const abnormal = mask?.includes(1) ?? false;
      if (!abnormal && light.isEmpty(await volume.slice(k), grey)) {
        counts.empty++;
        slices.push(null);
        continue;
      }
      counts[abnormal ? 'abnormal' : 'normal']++;
      const file = `${patient}_${name}_${planes[i]}${String(k).padStart(4, '0')}.png`;
      const folder = joinPath(split, abnormal ? 'Ungood' : 'good');
      const path = joinPath(folder, 'img', patient, file);
      slices.push(path);
      files.set(path, () => pngOfSlice(volume, greyOf, k));
      places.set(path, { volume, grey: greyOf, k });
      if (abnormal && masks)
        files.set(joinPath(folder, 'anomaly_mask', patient, file), () => maskPng(masks, k, width, height));
    }
    stacks.push({ order, slices });
  }
  const truth = lesions && ('stack' in lesions ? lesions.stack : masksOnto(stored, lesions.labels));
  const remark = light.remark(grey);
  if (remark) remarks.add(stored.name, remark);
  return {
    name: stored.name,
    patient,
    kind: one.kind,
    placed: true,
    scanner: stored.scanner,
    modality: stored.modality,
    bodyPart: stored.bodyPart,
    bits: stored.bits,
    shape: stored.shape,
    missing: stored.missing,
    affine: stored.affine,
    window: grey.text,
    stacks,
    lesions: truth && seenMasks(truth, stored, [0, 1, 2]),
    ...counts,
  };
}
