import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, joinPath } from '../base/paths.ts';
import { isMaskFolder, withoutMaskWord } from '../data/layout/words.ts';
import { parseAccept, refusalOf } from './accept.ts';
import { acquisitionOf, asDecided, requireAlike } from './acquired.ts';
import { type CollectedVolume, collectVolumes } from './collect.ts';
import { decideGrey, type GreyOf } from './grey.ts';
import { Held } from './held.ts';
import { imageGrey, requireOnePlane } from './image_set.ts';
import { Light } from './light.ts';
import { bareStem } from './pair_lesions.ts';
import { axisOrders, planeNames, turned } from './plane.ts';
import { Remarks } from './remarks.ts';
import { shownAs } from './shown_as.ts';
import { fileName, pngOfSlice, type SlicePlace, type SliceRules, uniqueName } from './sliced_volume.ts';
import type { SliceStack } from './stack.ts';
import type { Volume, VolumeSlice } from './volume.ts';
import { beginsAsDicom, holdsVolumes } from './volume_files.ts';
import { parseWindow } from './window.ts';

/** A volume whose slices are to be scored. */
export interface VolumeToScore {
  /** As its files have it. */
  readonly source: Volume;
  /** How its values become grey levels. */
  readonly grey: GreyOf;
  /** A name for files. */
  readonly file: string;
  /**
   * Its slices in each plane: their paths are of pictures in the file system that comes with it; empty ones have none, nor have those
   * that are passed over.
   */
  readonly stacks: readonly SliceStack[];
  /** What is to be said of this volume and the others. */
  readonly remarks: Remarks;
  /** Looks at a slice, before it is read; see {@link ScoreOptions}. */
  readonly isEmpty: (path: string) => Promise<boolean>;
  /** Says whether the window suited the slices that were looked at; null where it did. */
  readonly unsuited: () => string | null;
}

/** How slices are looked for. */
export interface ScoreOptions {
  /** Every how many slices one is scored; the others are not decoded. */
  readonly stride?: number;
  /**
   * Whether slices are not looked at: empty ones have a picture too, and whoever scores them asks before each. So the first is scored
   * before the last is decoded, and none is decoded twice.
   */
  readonly unseen?: boolean;
}

/** Whether a path is a folder of volumes, a NIfTI file, or a DICOM file. */
export async function isVolumePath(fs: FileSystem, path: string): Promise<boolean> {
  const what = await fs.stat(path);
  if (what?.kind === 'directory') return holdsVolumes(fs, path);
  if (what?.kind !== 'file') return false;
  return /\.(nii|hdr|img)(\.gz)?$/i.test(path) || (await beginsAsDicom(fs, path));
}

/**
 * The volumes at some paths, masks left out, and a file system in which their slices are pictures; `places` says what each of
 * these shows, by its path, `@series-1a2b3c4d/0004.png`.
 * @throws FusionclipError `bad_data` where a series is refused or there is no volume, and what the readers throw
 */
export async function volumesToScore(
  base: FileSystem,
  paths: readonly string[],
  rules: SliceRules,
  words: string,
  { stride = 1, unseen = false }: ScoreOptions = {},
): Promise<{
  readonly fs: FileSystem;
  readonly volumes: readonly VolumeToScore[];
  readonly places: ReadonlyMap<string, SlicePlace>;
  /** What was left out or accepted, for people. */
  readonly notes: readonly string[];
}> {
  const volumes: VolumeToScore[] = [];
  const places = new Map<string, SlicePlace>();
  const taken = new Set<string>();
  const held = new Held();
  const images = new Map<string, () => Promise<Uint8Array<ArrayBuffer>>>();
  const { collected, notes, remarks } = await collectedAt(base, paths, rules, held);
  let fs = base;
  for (const { volume, kind, path: own } of collected) {
    const file = uniqueName(fileName(kind === 'DICOM' ? volume.name : bareStem(own)), taken);
    if (!volume.placed) {
      requireOneImage(volume, rules, stride);
      const { grey } = imageGrey(volume, parseWindow(rules.window), words, parseAccept(rules.accept));
      const path = joinPath(IMAGES, `${file}.png`);
      images.set(`${file}.png`, () => pngOfSlice(volume, grey, 0));
      places.set(path, { volume, grey, k: 0 });
      const [stacks, isEmpty, unsuited] = [
        [{ order: [0, 1, 2], slices: [path] }] as const,
        async () => false,
        () => null,
      ];
      volumes.push({ source: volume, grey, file, stacks, remarks, isEmpty, unsuited });
      continue;
    }
    const { folder, files, ...slices } = await slicesOf(volume, file, { rules, words, stride, unseen, held });
    for (const [path, place] of slices.places) places.set(path, place);
    const { grey, stacks, isEmpty, unsuited } = slices;
    const remark = unseen ? null : unsuited();
    if (remark) remarks.add(volume.name, remark);
    volumes.push({ source: volume, grey, file, stacks, remarks, isEmpty, unsuited });
    fs = shownAs(fs, folder, files);
  }
  return {
    fs: images.size > 0 ? shownAs(fs, IMAGES, images) : fs,
    volumes,
    places,
    notes: [...notes, ...remarks.lines()],
  };
}

/** The volumes at some paths, all refusals together. */
async function collectedAt(base: FileSystem, paths: readonly string[], rules: SliceRules, held: Held) {
  const accept = parseAccept(rules.accept);
  const collected: CollectedVolume[] = [];
  const notes: string[] = [];
  const places = new Map<string, number>();
  for (const together of await series(base, paths)) {
    const found = await collectVolumes(base, together, { accept, volume: rules.volume, held });
    if (found.refused.length > 0) throw refusalOf(found.refused);
    notes.push(...found.notes);
    const isMask = ({ kind, path }: CollectedVolume) =>
      kind === 'NIfTI' && found.volumes.length > 1 && isMaskPath(path);
    const own = found.volumes.filter((one) => !isMask(one));
    collected.push(...own);
    const names = own.filter(({ kind }) => kind === 'DICOM').map(({ volume }) => volume.name);
    for (const name of new Set(names)) places.set(name, (places.get(name) ?? 0) + 1);
  }
  for (const [name, times] of places) {
    if (times > 1) notes.push(`${name} is at ${times} of the places that were given, and counts at each`);
  }
  if (collected.length === 0)
    throw new FusionclipError('bad_data', `${paths.join(', ')}: there is no volume; give another path.`);
  const { trained, window } = rules;
  const acquisitions = collected.map(({ volume }) => acquisitionOf(volume, axisOrders(volume, rules.plane)));
  const remarks = trained ? requireAlike(acquisitions, trained, window, accept) : new Remarks();
  return { collected, notes, remarks };
}

/** The folder of single images: all together, as there may be many. */
const IMAGES = '@images';

/** @throws FusionclipError `usage` */
function requireOneImage(volume: Volume, rules: SliceRules, stride: number): void {
  requireOnePlane(volume, rules);
  if (stride === 1) return;
  throw new FusionclipError('usage', `--stride is for volumes, and ${volume.name} is none; leave it out.`);
}

/** The slices of a volume as files of a folder of its own. */
async function slicesOf(
  volume: Volume,
  file: string,
  { rules, words, stride, unseen, held }: Required<ScoreOptions> & { rules: SliceRules; words: string; held: Held },
) {
  const given = asDecided(parseWindow(rules.window), rules.trained);
  const rule = await decideGrey(volume, given, words, parseAccept(rules.accept));
  const grey = async () => rule;
  // Not below the path that was given: it may be called after a patient.
  const folder = `@${file}`;
  const files = new Map<string, () => Promise<Uint8Array<ArrayBuffer>>>();
  const places = new Map<string, SlicePlace>();
  const looks = new Map<string, () => Promise<boolean>>();
  const stacks: SliceStack[] = [];
  const light = new Light();
  const orders = axisOrders(volume, rules.plane);
  const names = planeNames(volume, orders);
  for (const [i, order] of orders.entries()) {
    const view = turned(volume, order, held);
    const seen = lastHeld(view, held);
    const slices: (string | null)[] = [];
    for (let k = 0; k < view.shape[2]; k++) {
      const name = `${names[i]}${String(k).padStart(4, '0')}.png`;
      const wanted = k % stride === 0 && !view.missing?.has(k) && (unseen || !light.isEmpty(await view.slice(k), rule));
      slices.push(wanted ? joinPath(folder, name) : null);
      if (!wanted) continue;
      files.set(name, () => pngOfSlice(seen, grey, k));
      places.set(joinPath(folder, name), { volume: view, grey, k });
      looks.set(joinPath(folder, name), async () => light.isEmpty(await seen.slice(k), rule));
    }
    stacks.push({ order, slices });
  }
  const isEmpty = (path: string) => looks.get(path)!();
  return { grey, folder, files, places, stacks, isEmpty, unsuited: () => light.remark(rule) };
}

/** Slices of a volume, of which the last one is held: it is looked at, and then scored. */
function lastHeld(volume: Volume, held: Held): Pick<Volume, 'slice'> {
  let last: { readonly k: number; readonly slice: VolumeSlice } | null = null;
  const forget = () => {
    last = null;
  };
  return {
    slice: async (k) => {
      if (last?.k === k) return last.slice;
      const slice = await volume.slice(k);
      held.by(volume.name, forget);
      last = { k, slice };
      return slice;
    },
  };
}

/** The paths, those of DICOM files together: a series may be given slice by slice. */
async function series(fs: FileSystem, paths: readonly string[]): Promise<string[][]> {
  const slices: string[] = [];
  const out: string[][] = [];
  for (const path of new Set(paths)) {
    const isSlice = (await fs.stat(path))?.kind === 'file' && (await beginsAsDicom(fs, path));
    if (!isSlice) out.push([path]);
    else if (slices.push(path) === 1) out.push(slices);
  }
  return out;
}

function isMaskPath(path: string): boolean {
  return withoutMaskWord(bareStem(path)) !== null || path.split(/[/\\]/).slice(0, -1).map(baseName).some(isMaskFolder);
}
