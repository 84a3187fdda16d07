import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { splitOfName } from '../data/layout/words.ts';
import { encodePng } from '../data/png.ts';
import type { Affine } from '../nifti/affine.ts';
import { parseAccept } from './accept.ts';
import { type Collected, collectVolumes, filesBelow, refusalOf } from './collect.ts';
import { decideGrey, type GreyRule, greyImage, greyLevels } from './grey.ts';
import type { Held } from './held.ts';
import { type MaskSlices, masksOnto } from './mask.ts';
import { bareStem, type LabelledVolume, pairLesions } from './pair_lesions.ts';
import { axisOrders, type Plane, planeNames, turned } from './plane.ts';
import type { SliceStack } from './stack.ts';
import type { Volume } from './volume.ts';
import { parseWindow } from './window.ts';

/** The settings that decide how volumes become slices. */
export interface SliceRules {
  readonly window: string;
  readonly plane: Plane;
  readonly accept: string;
  readonly volume: number | null;
  /** The values of masks that are lesion; all but 0 without. */
  readonly 'mask.values'?: readonly number[] | null;
}

/** A volume as slices of a data set. */
export interface SlicedVolume {
  readonly name: string;
  readonly patient: string;
  readonly kind: 'DICOM' | 'NIfTI';
  /** Maker and model; null where the file does not say. */
  readonly scanner: string | null;
  /** As it is stored. */
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  readonly window: string;
  /** Its slices in each plane that was asked for; they are the files of the set. */
  readonly stacks: readonly SliceStack[];
  /** On the grid that it is stored in; null: nothing is lesion. */
  readonly lesions: MaskSlices | null;
  /** Slices of each sort. */
  readonly normal: number;
  readonly abnormal: number;
  readonly empty: number;
}

/** Where the picture of a slice comes from. */
export interface SlicePlace {
  /** Turned to the plane of the slice. */
  readonly volume: Volume;
  /** How its values became grey levels. */
  readonly grey: GreyRule;
  /** Its number, 0 … shape[2] − 1. */
  readonly k: number;
}

/** Slices of volumes as the files of a data set in BMAD's layout. */
export interface SliceSet {
  /** Paths relative to the folder, and what makes the PNG file of each. */
  readonly files: ReadonlyMap<string, () => Promise<Uint8Array<ArrayBuffer>>>;
  /** What the pictures among them show. */
  readonly places: ReadonlyMap<string, SlicePlace>;
  readonly volumes: readonly SlicedVolume[];
  readonly notes: readonly string[];
}

/** A slice is empty where at most this part of it is brighter than a tenth, and nothing in it is lesion. */
export const EMPTY_PART = 0.02;

/** What is dark. */
const DARK = 0.1;

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
  const collected = await collectVolumes(fs, root, { accept: parseAccept(rules.accept), volume: rules.volume });
  requireAll(root, collected);
  const labelled = await pairLesions(fs, collected, await filesBelow(fs, root), rules['mask.values']);
  const files = new Map<string, () => Promise<Uint8Array<ArrayBuffer>>>();
  const ranks = [...new Set(labelled.map(({ rank }) => rank))].filter((rank) => rank !== '').sort();
  const filled: Filled = { files, places: new Map(), names: new Set(), ranks };
  const volumes: SlicedVolume[] = [];
  for (const [i, one] of labelled.entries()) {
    onProgress(i, labelled.length);
    volumes.push(await addVolume(one, root, rules, words, filled, collected.held));
  }
  return { files, places: filled.places, volumes, notes: [...collected.notes, ...codeNotes(labelled, rules)] };
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

/** What volumes fill, one after the other. */
interface Filled {
  readonly files: Map<string, () => Promise<Uint8Array<ArrayBuffer>>>;
  readonly places: Map<string, SlicePlace>;
  readonly names: Set<string>;
  /** Of all DICOM series. */
  readonly ranks: readonly string[];
}

async function addVolume(
  one: LabelledVolume,
  root: string,
  rules: SliceRules,
  words: string,
  { files, places, names, ranks }: Filled,
  held: Held,
): Promise<SlicedVolume> {
  const { volume: stored, lesions } = one;
  if (lesions && 'stack' in lesions && rules.plane !== 'auto') {
    throw new FusionclipError('usage', `${stored.name}: masks that are pictures know one plane; leave --plane auto.`);
  }
  const grey = await decideGrey(stored, parseWindow(rules.window), { words });
  const { split, ...place } = placeOf(one, root);
  const patient = ranked(place.patient, one.rank.split(' ')[0], ranks);
  let name = one.kind === 'DICOM' ? ranked(fileName(stored.name), one.rank, ranks) : fileName(bareStem(one.path));
  for (let i = 2; names.has(`${split}/${patient}/${name}`); i++) name = `${name.replace(/-\d+$/, '')}-${i}`;
  names.add(`${split}/${patient}/${name}`);
  const counts = { normal: 0, abnormal: 0, empty: 0 };
  const orders = axisOrders(stored, rules.plane);
  const stacks: SliceStack[] = [];
  const planes = planeNames(stored, orders);
  for (const [i, order] of orders.entries()) {
    const volume = turned(stored, order, held);
    const masks = lesions && ('stack' in lesions ? lesions.stack : masksOnto(volume, lesions.labels));
    const [width, height, depth] = volume.shape;
    const slices: (string | null)[] = [];
    for (let k = 0; k < depth; k++) {
      const mask = masks && (await masks(k));
      const abnormal = mask?.includes(1) ?? false;
      if (!abnormal && (await isEmpty(volume, grey, k))) {
        counts.empty++;
        slices.push(null);
        continue;
      }
      counts[abnormal ? 'abnormal' : 'normal']++;
      const file = `${patient}_${name}_${planes[i]}${String(k).padStart(4, '0')}.png`;
      const folder = joinPath(split, abnormal ? 'Ungood' : 'good');
      const path = joinPath(folder, 'img', patient, file);
      slices.push(path);
      files.set(path, () => pngOfSlice(volume, grey, k));
      places.set(path, { volume, grey, k });
      if (abnormal && masks)
        files.set(joinPath(folder, 'anomaly_mask', patient, file), () => maskPng(masks, k, width, height));
    }
    stacks.push({ order, slices });
  }
  return {
    name: stored.name,
    patient,
    kind: one.kind,
    scanner: stored.scanner,
    shape: stored.shape,
    affine: stored.affine,
    window: grey.text,
    stacks,
    lesions: lesions && ('stack' in lesions ? lesions.stack : masksOnto(stored, lesions.labels)),
    ...counts,
  };
}

/** Whether hardly anything in a slice is brighter than a tenth; one in colours never is. */
export async function isEmpty(volume: Volume, grey: GreyRule, k: number): Promise<boolean> {
  const slice = await volume.slice(k);
  if (slice.kind === 'colour') return false;
  const levels = greyLevels(slice, grey);
  let bright = 0;
  for (const level of levels) if (level > DARK) bright++;
  return bright <= EMPTY_PART * levels.length;
}

async function maskPng(masks: MaskSlices, k: number, width: number, height: number): Promise<Uint8Array<ArrayBuffer>> {
  const data = (await masks(k)).map((value) => 255 * value);
  return pngOf({ width, height, channels: 1, data });
}

/** The picture of a slice as a PNG file. */
export async function pngOfSlice(volume: Volume, grey: GreyRule, k: number): Promise<Uint8Array<ArrayBuffer>> {
  return pngOf(greyImage(await volume.slice(k), grey));
}

function pngOf(image: Parameters<typeof encodePng>[0]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodePng(image));
}

/** The split that a path names, and the patient: DICOM says whom it is of, of NIfTI the first other folder, or the file. */
function placeOf({ path, kind, volume }: LabelledVolume, root: string): { split: string; patient: string } {
  const parts = path
    .slice(root.length)
    .split(/[/\\]/)
    .filter((part) => part !== '');
  const split = splitOfName(parts[0] ?? '');
  if (split && parts.length > 1) parts.shift();
  const folders = parts.slice(0, -1).filter((part) => !/^(good|ungood|normal|abnormal|imgs?|images?)$/i.test(part));
  const patient = kind === 'DICOM' ? volume.patient : (folders[0] ?? bareStem(path));
  return { split: split ?? '', patient: fileName(patient) };
}

/**
 * `patient-3-1a2b3c4d` of `patient-1a2b3c4d`: by its number the order of files, of which images are drawn and dealt, is the same
 * wherever the secret is another one.
 */
function ranked(name: string, rank: string, ranks: readonly string[]): string {
  const at = ranks.findIndex((one) => one.startsWith(rank));
  return at < 0 || rank === ''
    ? name
    : name.replace('-', `-${String(at + 1).padStart(String(ranks.length).length, '0')}-`);
}

/** A name that is one on every disk. */
export function fileName(text: string): string {
  return text.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'x';
}
