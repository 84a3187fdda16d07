import { FusionclipError } from '../base/errors.ts';
import type { Affine } from '../nifti/affine.ts';
import { planeOf } from './geometry.ts';
import { Held } from './held.ts';
import type { Volume, VolumeSlice } from './volume.ts';

/** Planes that slices may be taken in; `auto` is the one that a volume is stored in, `all` is three of them. */
export const PLANES = ['auto', 'axial', 'coronal', 'sagittal', 'all'] as const;

/** One of {@link PLANES}. */
export type Plane = (typeof PLANES)[number];

/** The axes of a volume that columns, rows and slices run along. */
export type AxisOrder = readonly [0, 1, 2] | readonly [0, 2, 1] | readonly [1, 2, 0];

const STORED: AxisOrder = [0, 1, 2];
const ORDERS: readonly AxisOrder[] = [STORED, [0, 2, 1], [1, 2, 0]];

/** Bytes of a turned volume that are held at a time. */
const BLOCK_BYTES = 2 ** 28;

/** The axes of a volume's slices in a plane, or in three for `all`. */
export function axisOrders({ affine }: Pick<Volume, 'affine'>, plane: Plane): readonly AxisOrder[] {
  if (plane === 'all') return ORDERS;
  if (plane === 'auto') return [STORED];
  return [ORDERS.find((order) => planeOf(turnedAffine(affine, order)) === plane) ?? [0, 2, 1]];
}

/** Names for files that tell the planes of a volume apart; none is needed for one. */
export function planeNames({ affine }: Pick<Volume, 'affine'>, orders: readonly AxisOrder[]): string[] {
  if (orders.length === 1) return [''];
  const names = orders.map((order) => `${planeOf(turnedAffine(affine, order))}_`);
  // Of a volume at 45 degrees two axes may be nearest to one direction.
  return new Set(names).size === names.length ? names : orders.map((order) => `axis${order[2] + 1}_`);
}

/** The affine of the same voxels with their axes in another order. */
export function turnedAffine(affine: Affine, order: AxisOrder): Affine {
  return affine.map((row) => [...order.map((axis) => row[axis]), row[3]]);
}

/**
 * The same volume with its slices along others of its axes: voxels are taken as they are, not interpolated. The volume itself where
 * that is how it is stored. Else a block of slices is made at a time, in 32 bits a voxel, by a look at the whole volume; slices are
 * best asked for one after the other.
 * @param blockBytes of a block, at least one slice
 * @throws FusionclipError `bad_data` for colours, and what `volume.slice` throws
 */
export function turned(
  volume: Volume,
  order: AxisOrder,
  held = new Held(),
  owner = volume.name,
  blockBytes = BLOCK_BYTES,
): Volume {
  if (order[2] === 2) return volume;
  const { affine, shape } = volume;
  const [width, height, depth] = order.map((axis) => shape[axis]);
  const size = width * height;
  const count = Math.max(1, Math.min(depth, Math.floor(blockBytes / (4 * size))));
  let block: Block | null = null;
  const forget = () => {
    block = null;
  };
  const read = async (first: number): Promise<Block> => {
    const slices = Math.min(count, depth - first);
    const values = new Float32Array(slices * size);
    let padded: Uint8Array<ArrayBuffer> | null = null;
    let facts: GreySlice | null = null;
    const [nx] = shape;
    for (let z = 0; z < shape[2]; z++) {
      const slice = await volume.slice(z);
      if (slice.kind === 'colour')
        throw new FusionclipError('bad_data', `${volume.name} has colours; leave --plane auto.`);
      facts = slice;
      if (slice.padded) padded ??= new Uint8Array(values.length);
      for (let k = 0; k < slices; k++) {
        const to = k * size + z * width;
        for (let x = 0; x < width; x++) {
          const from = order[2] === 1 ? (first + k) * nx + x : x * nx + first + k;
          values[to + x] = slice.values[from];
          if (slice.padded && padded) padded[to + x] = slice.padded[from];
        }
      }
    }
    const { inverted, voi, range } = facts as unknown as GreySlice;
    return { first, slices, values, padded, facts: { inverted, voi, range } };
  };
  return {
    name: volume.name,
    patient: volume.patient,
    modality: volume.modality,
    bodyPart: volume.bodyPart,
    bits: volume.bits,
    look: volume.look,
    scanner: volume.scanner,
    placed: volume.placed,
    shape: [width, height, depth],
    affine: turnedAffine(affine, order),
    slice: async (k) => {
      if (!block || k < block.first || k >= block.first + block.slices) {
        block = null;
        const made = await read(k - (k % count));
        held.by(owner, forget);
        block = made;
      }
      const { first, values, padded, facts } = block;
      const from = (k - first) * size;
      return {
        ...{ kind: 'grey', width, height, ...facts },
        values: values.slice(from, from + size),
        padded: padded?.slice(from, from + size) ?? null,
      };
    },
  };
}

type GreySlice = Extract<VolumeSlice, { kind: 'grey' }>;

/** Some slices of a turned volume. */
interface Block {
  readonly first: number;
  readonly slices: number;
  readonly values: Float32Array<ArrayBuffer>;
  readonly padded: Uint8Array<ArrayBuffer> | null;
  /** What is the same of all slices. */
  readonly facts: Pick<GreySlice, 'inverted' | 'voi' | 'range'>;
}
