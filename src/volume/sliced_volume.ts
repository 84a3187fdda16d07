import { splitOfName } from '../data/layout/words.ts';
import { encodePng } from '../data/png.ts';
import type { Acquisition, TrainedOn } from './acquired.ts';
import { type GreyOf, greyImage } from './grey.ts';
import type { MaskSlices } from './mask.ts';
import { bareStem, type LabelledVolume } from './pair_lesions.ts';
import type { Plane } from './plane.ts';
import type { Remarks } from './remarks.ts';
import type { SliceStack } from './stack.ts';
import type { Volume } from './volume.ts';

/** The settings that decide how volumes become slices. */
export interface SliceRules {
  readonly window: string;
  readonly plane: Plane;
  readonly accept: string;
  readonly volume: number | null;
  /** The values of masks that are lesion; all but 0 without. */
  readonly 'mask.values'?: readonly number[] | null;
  /** What is left out: patterns of names and paths of files, and of the names of series, images and patients. */
  readonly skip?: readonly string[];
  /** Where a run looks at them: what it was trained on. */
  readonly trained?: TrainedOn;
  /** Names of folders of single images, beside the usual ones. */
  readonly normal?: readonly string[];
  readonly abnormal?: readonly string[];
}

/** A volume as slices of a data set. */
export interface SlicedVolume extends Acquisition {
  readonly patient: string;
  readonly kind: 'DICOM' | 'NIfTI';
  /** Maker and model; null where the file does not say. */
  readonly scanner: string | null;
  /** As it is stored. */
  readonly shape: readonly [number, number, number];
  /** Numbers of slices that it lacks. */
  readonly missing?: ReadonlySet<number>;
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
  readonly grey: GreyOf;
  /** Its number, 0 … shape[2] − 1. */
  readonly k: number;
}

/** What volumes fill, one after the other. */
export interface Filled {
  readonly files: Map<string, () => Promise<Uint8Array<ArrayBuffer>>>;
  readonly places: Map<string, SlicePlace>;
  readonly names: Set<string>;
  /** Of all DICOM series and images. */
  readonly ranks: Ranks;
  readonly remarks: Remarks;
  /** Whether there are masks, so that images lie in `img` beside them. */
  readonly masked: boolean;
}

/** The picture of a mask as a PNG file. */
export async function maskPng(
  masks: MaskSlices,
  k: number,
  width: number,
  height: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const data = (await masks(k)).map((value) => 255 * value);
  return pngOf({ width, height, channels: 1, data });
}

/** The picture of a slice as a PNG file. */
export async function pngOfSlice(
  volume: Pick<Volume, 'slice'>,
  grey: GreyOf,
  k: number,
): Promise<Uint8Array<ArrayBuffer>> {
  return pngOf(greyImage(await volume.slice(k), await grey()));
}

function pngOf(image: Parameters<typeof encodePng>[0]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(encodePng(image));
}

/** The split that a path names, and the patient: DICOM says whom it is of, of NIfTI the first other folder, or the file. */
export function placeOf({ path, kind, volume }: LabelledVolume, root: string): { split: string; patient: string } {
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
 * Numbers for names: `patient-3-1a2b3c4d` of `patient-1a2b3c4d`. By them the order of files, of which images are drawn and dealt, is the
 * same wherever the secret is another one.
 */
export class Ranks {
  readonly #places = new Map<string, number>();
  readonly #digits: number;

  constructor(ranks: readonly string[]) {
    const sorted = [...new Set(ranks)].filter((rank) => rank !== '').sort();
    for (const [i, rank] of sorted.entries()) {
      const [patient] = rank.split(' ');
      for (const key of [rank, patient]) if (!this.#places.has(key)) this.#places.set(key, i + 1);
    }
    this.#digits = String(sorted.length).length;
  }

  /** The name with the number of its rank, or of a patient's. */
  ranked(name: string, rank: string): string {
    const at = this.#places.get(rank);
    return at === undefined ? name : name.replace('-', `-${String(at).padStart(this.#digits, '0')}-`);
  }
}

/** A name that is one on every disk. */
export function fileName(text: string): string {
  return text.replace(/[^\p{L}\p{N}.-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '') || 'x';
}
