import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { baseName, stem } from '../base/paths.ts';
import { decodeStoredMask } from '../data/decode.ts';
import { turned as turnedImage } from '../data/orientation.ts';
import type { Affine } from '../nifti/affine.ts';
import { NiftiFile } from '../nifti/nifti_file.ts';
import type { DicomVolume } from './dicom_volume.ts';
import { apply, inverse } from './geometry.ts';
import type { Held } from './held.ts';
import type { AxisOrder } from './plane.ts';
import { secretFile } from './secret_name.ts';
import type { Volume } from './volume.ts';

/** Lesions in a grid of their own. */
export interface LabelVolume {
  readonly name: string;
  readonly shape: readonly [number, number, number];
  readonly affine: Affine;
  /** 1 on a lesion, the first axis the fastest; or what reads them. */
  readonly labels: Uint8Array | (() => Promise<Uint8Array>);
  /** Whether slices before the first and behind the last hold nothing and were left out, as segmentations may do. */
  readonly openEnds: boolean;
  /** The values in the file that are not 0; null where there are too many to be codes, and of segmentations. */
  readonly codes?: readonly number[] | null;
}

/** The lesions of one slice [height, width], 1 and 0. */
export type MaskSlices = (k: number) => Promise<Uint8Array<ArrayBuffer>>;

/** How far a voxel's centre may lie outside of the mask's voxels, in voxels, for files that round. */
const SLACK = 0.01;

/**
 * Lesions on the grid of an image volume, by the geometry of both: each voxel takes the label of the voxel that its centre lies in.
 * @throws FusionclipError `bad_data` where the mask does not cover the image
 */
export function masksOnto(volume: Volume, mask: LabelVolume): MaskSlices {
  const back = inverse(mask.affine);
  if (!back)
    throw new FusionclipError('bad_data', `${mask.name}: the voxels of this mask have no volume; mend its header.`);
  const corner = (i: number, j: number, k: number) => apply(back, ...apply(volume.affine, i, j, k));
  const origin = corner(0, 0, 0);
  const step = [corner(1, 0, 0), corner(0, 1, 0), corner(0, 0, 1)].map((to) => to.map((v, axis) => v - origin[axis]));
  checkCover(volume, mask, corner);
  const [width, height] = volume.shape;
  const [nx, ny, nz] = mask.shape;
  return async (k) => {
    const out = new Uint8Array(width * height);
    const labels = typeof mask.labels === 'function' ? await mask.labels() : mask.labels;
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0; x < width; x++, to++) {
        const at = (axis: number) => origin[axis] + step[0][axis] * x + step[1][axis] * y + step[2][axis] * k;
        // A centre on a border by rounding falls to the voxel inside.
        const i = Math.min(nx - 1, Math.max(0, Math.round(at(0))));
        const j = Math.min(ny - 1, Math.max(0, Math.round(at(1))));
        const l = Math.round(at(2));
        if (mask.openEnds ? l >= 0 && l < nz : true) {
          out[to] = labels[(Math.min(nz - 1, Math.max(0, l)) * ny + j) * nx + i] ? 1 : 0;
        }
      }
    }
    return out;
  };
}

function checkCover(
  volume: Volume,
  mask: LabelVolume,
  corner: (i: number, j: number, k: number) => readonly number[],
): void {
  const ends = volume.shape.map((count) => [0, count - 1]);
  let most = 0;
  for (const i of ends[0]) {
    for (const j of ends[1]) {
      for (const k of ends[2]) {
        const at = corner(i, j, k);
        for (let axis = 0; axis < (mask.openEnds ? 2 : 3); axis++) {
          const size = Math.hypot(...mask.affine.map((row) => row[axis]));
          const beyond = Math.max(-0.5 - at[axis], at[axis] - (mask.shape[axis] - 0.5));
          if (beyond > SLACK) most = Math.max(most, beyond * size);
        }
      }
    }
  }
  if (most > 0) {
    throw new FusionclipError(
      'bad_data',
      `${mask.name}: this mask does not cover ${volume.name}, which reaches ${most.toFixed(1)} mm beyond it; ` +
        'give the mask that belongs to it.',
    );
  }
}

/**
 * The same mask, whose labels are read when they are asked for and held with those of its volume alone.
 * @param owner the name of the volume
 */
export function lazyLabels(
  { name, shape, affine, openEnds, codes }: LabelVolume,
  read: () => Promise<LabelVolume>,
  held: Held,
  owner: string,
): LabelVolume {
  let labels: Uint8Array | null = null;
  const forget = () => {
    labels = null;
  };
  const get = async (): Promise<Uint8Array> => {
    held.by(owner, forget);
    if (labels) return labels;
    const whole = await read();
    const own = typeof whole.labels === 'function' ? await whole.labels() : whole.labels;
    held.by(owner, forget);
    labels = own;
    return own;
  };
  return { name, shape, affine, openEnds, codes, labels: get };
}

/** More values than labels have codes. */
const MOST_CODES = 16;

/**
 * The lesions of a NIfTI file of labels: what has one of some values, or all that is not 0.
 * @param values that are lesion, or null
 * @throws FusionclipError `bad_data` for a file of several volumes, `bad_image`, `io`
 */
export async function niftiLabels(
  fs: FileSystem,
  path: string,
  name: string,
  values: readonly number[] | null = null,
): Promise<LabelVolume> {
  const file = await NiftiFile.open(fs, path);
  if (file.volumes > 1) {
    throw new FusionclipError('bad_data', `${name}: a mask is one volume, and this file holds ${file.volumes}.`);
  }
  const stored = await file.stored();
  const { shape, affine, slope, intercept } = file.header;
  const found = new Set<number>();
  const labels = Uint8Array.from({ length: stored.length }, (_, i) => {
    const value = Number(stored[i]) * slope + intercept;
    // Programs write what lies outside of a mask as no number, too.
    if (value === 0 || Number.isNaN(value)) return 0;
    if (found.size <= MOST_CODES) found.add(value);
    return !values || values.includes(value) ? 1 : 0;
  });
  const codes = found.size > MOST_CODES ? null : [...found];
  return { name, shape: [shape[0], shape[1], shape[2]], affine, labels, openEnds: false, codes };
}

/** What the mask of a DICOM file is called, without its ending: names that are UIDs end with a number, which is none. */
export function nameOfMask(path: string): string {
  return baseName(path).replace(/\.(dcm|dicom|ima|img)$/i, '');
}

/** Masks with nothing on slices that their volume lacks, whichever axes its slices are taken along. */
export function seenMasks(masks: MaskSlices, { shape, missing }: Volume, order: AxisOrder): MaskSlices {
  if (!missing || missing.size === 0) return masks;
  const width = shape[order[0]];
  return async (k) => {
    const mask = await masks(k);
    if (order[2] === 2) return missing.has(k) ? mask.fill(0) : mask;
    // Rows of turned slices run along the third axis.
    for (const z of missing) mask.fill(0, z * width, (z + 1) * width);
    return mask;
  };
}

/**
 * The lesions of a stack of pictures with the names of a series' files: pictures have no geometry, so names and sizes must fit.
 * @throws FusionclipError `bad_data` where one is missing or has another size, and what `decodeMask` throws
 */
export function stackMasks(
  fs: FileSystem,
  volume: DicomVolume,
  paths: readonly string[],
  values: readonly number[] | null = null,
): MaskSlices {
  const byStem = new Map(paths.map((path) => [stem(path), path]));
  return async (k) => {
    const header = volume.header(k);
    if (!header) return new Uint8Array(volume.shape[0] * volume.shape[1]);
    const path = byStem.get(nameOfMask(header.path));
    if (!path) {
      throw new FusionclipError(
        'bad_data',
        `${volume.name}: slice ${k + 1} of ${volume.shape[2]} has no mask of its name; give each slice one, empty where nothing is.`,
      );
    }
    const name = await secretFile(fs, path);
    const { image, orientation } = decodeStoredMask(await fs.readFile(path), name, values ? { values } : {});
    const { width, height, data } = turnedImage(image, orientation ?? 1);
    if (width !== volume.shape[0] || height !== volume.shape[1]) {
      throw new FusionclipError(
        'bad_data',
        `${name} is ${width}×${height} pixels, its image ${volume.shape[0]}×${volume.shape[1]}; give both the same size.`,
      );
    }
    return Uint8Array.from(data, (value) => (value ? 1 : 0));
  };
}
