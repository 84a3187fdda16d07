import { FusionclipError } from '../base/errors.ts';
import type { Affine } from '../nifti/affine.ts';
import { planeOf } from './geometry.ts';
import type { Volume, VolumeSlice } from './volume.ts';

/** Planes that slices may be taken in; `auto` is the one that a volume is stored in. */
export const PLANES = ['auto', 'axial', 'coronal', 'sagittal'] as const;

/** One of {@link PLANES}. */
export type Plane = (typeof PLANES)[number];

/** Bytes of a volume that is turned: all of it is held. */
const MOST_BYTES = 2 ** 31;

/**
 * The same volume with its slices in another plane, along its own axes: voxels are taken as they are, not interpolated. The
 * volume itself where it lies so already; else all of it is held, in 32 bits a voxel.
 * @throws FusionclipError `too_large` for a volume of more than 2 GB, `bad_data` for colours, and what `volume.slice` throws
 */
export async function inPlane(volume: Volume, plane: Plane): Promise<Volume> {
  if (plane === 'auto' || planeOf(volume.affine) === plane) return volume;
  const { affine, shape } = volume;
  const orders = [
    [0, 2, 1],
    [1, 2, 0],
  ] as const;
  const turned = (order: readonly [number, number, number]): Affine =>
    affine.map((row) => [...order.map((axis) => row[axis]), row[3]]);
  const order = orders.find((one) => planeOf(turned(one)) === plane) ?? orders[0];
  const [nx, ny, nz] = shape;
  if (nx * ny * nz * 4 > MOST_BYTES) {
    throw new FusionclipError('too_large', `${volume.name} is too large to be turned; leave --plane auto.`);
  }
  const cube = new Float32Array(nx * ny * nz);
  let padded: Uint8Array<ArrayBuffer> | null = null;
  let facts: Extract<VolumeSlice, { kind: 'grey' }> | null = null;
  for (let k = 0; k < nz; k++) {
    const slice = await volume.slice(k);
    if (slice.kind === 'colour')
      throw new FusionclipError('bad_data', `${volume.name} has colours; leave --plane auto.`);
    cube.set(slice.values, k * nx * ny);
    if (slice.padded) {
      padded ??= new Uint8Array(cube.length);
      padded.set(slice.padded, k * nx * ny);
    }
    facts = slice;
  }
  const strides = [1, nx, nx * ny];
  const [width, height, depth] = order.map((axis) => shape[axis]);
  const [across, down, along] = order.map((axis) => strides[axis]);
  const held = facts;
  return {
    name: volume.name,
    patient: volume.patient,
    modality: volume.modality,
    shape: [width, height, depth],
    affine: turned(order),
    slice: async (k) => {
      const values = new Float64Array(width * height);
      const marks = padded && new Uint8Array(width * height);
      for (let y = 0, to = 0; y < height; y++) {
        for (let x = 0, from = k * along + y * down; x < width; x++, to++, from += across) {
          values[to] = cube[from];
          if (marks && padded) marks[to] = padded[from];
        }
      }
      const { inverted, voi, range } = held as Extract<VolumeSlice, { kind: 'grey' }>;
      return { kind: 'grey', width, height, values, padded: marks, inverted, voi, range };
    },
  };
}
