import type { Gpu } from '../gpu/gpu.ts';
import { elementGrid, MOST_GROUPS } from './shapes.ts';
import { bestVariant, runnable, type Variant } from './variants.ts';

/**
 * The variants of every kernel that goes through rows, which are one file each: an invocation has a row for itself, or neighbours
 * share it, so that they read what lies side by side, and add their parts up in workgroup memory.
 */
export const ROW_VARIANTS = {
  invocation: { best: ['lavapipe', 'swiftshader', 'software'] },
  workgroup: { best: ['hardware'] },
} as const satisfies Readonly<Record<string, Variant>>;

/** Name of a row of {@link ROW_VARIANTS}. */
export type RowVariant = keyof typeof ROW_VARIANTS;

/** Invocations of a workgroup on a GPU, and the most that share a row: a wave of 64 or two of 32. */
const SHARING = 64;
/** On software adapters: a workgroup costs something by itself, which counts where rows are short. */
const ALONE = 16;
const ALONE_SHORT = 64;

/** What a launch over rows sets. */
export interface RowLaunch {
  readonly constants: { readonly WORKGROUP: number; readonly LANE_BITS: number };
  readonly groups: [number, number];
}

/**
 * Constants and workgroups of a kernel over rows.
 * @param items what a row has for its invocations to share: elements, or vectors of them
 */
export function rowLaunch(gpu: Gpu, rows: number, items: number): RowLaunch {
  const bits = laneBits(gpu, items);
  const alone = items > SHARING ? ALONE : ALONE_SHORT;
  const WORKGROUP = sharesRows(gpu) ? SHARING : alone;
  return { constants: { WORKGROUP, LANE_BITS: bits }, groups: elementGrid(rows * 2 ** bits, WORKGROUP) };
}

/** What a launch over slices of long sums sets. */
export interface SliceLaunch extends RowLaunch {
  /** Slices of a row. */
  readonly chunks: number;
}

/** Terms of an invocation that has a slice for itself, and of one that shares it: fewer, so that there are slices for all of a GPU. */
const TERMS_ALONE = 64;
const TERMS_SHARED = 16;

/** Cuts rows of `terms` into slices, each summed by an invocation, or by neighbours on a GPU. */
export function sliceLaunch(gpu: Gpu, rows: number, terms: number): SliceLaunch {
  const LANE_BITS = laneBits(gpu, Math.ceil(terms / 4));
  const chunks = Math.max(1, Math.ceil(terms / (LANE_BITS > 0 ? TERMS_SHARED * 2 ** LANE_BITS : TERMS_ALONE)));
  const groups = elementGrid(rows * chunks * 2 ** LANE_BITS, SHARING);
  return { chunks, constants: { WORKGROUP: SHARING, LANE_BITS }, groups };
}

/** Neighbours that read one line of a GPU's cache. */
const BESIDE = 32;

/**
 * Constants and workgroups of a kernel whose rows lie `inner` apart, with as many others in between: invocations share a row as far as
 * neighbours do not read side by side already.
 */
export function betweenLaunch(gpu: Gpu, rows: number, terms: number, inner: number) {
  const LANE_BITS = laneBits(gpu, Math.min(terms, BESIDE / inner));
  return { constants: { WORKGROUP: SHARING, LANE_BITS }, groups: elementGrid(rows * 2 ** LANE_BITS, SHARING) };
}

/** Constants and workgroups of a kernel of few numbers, each an invocation's own and a long sum: small workgroups for all cores of a CPU. */
export function ownLaunch(gpu: Gpu, numbers: number) {
  const WORKGROUP = sharesRows(gpu) ? SHARING : ALONE;
  return { constants: { WORKGROUP }, groups: elementGrid(numbers, WORKGROUP) };
}

/** Invocations that share a row of a matrix whose columns are wanted as well, and columns of a workgroup; of its so many invocations. */
const CROSSING = { WORKGROUP: 256, LANE_BITS: 5, ACROSS: 32 };
const CROSSING_ALONE = { WORKGROUP: ALONE, LANE_BITS: 0, ACROSS: ALONE };

/** Constants and workgroups of a kernel over the rows of a matrix and then over its columns, neighbours next to each other. */
export function crossLaunch(gpu: Gpu, rows: number, columns: number) {
  const constants = sharesRows(gpu) ? CROSSING : CROSSING_ALONE;
  const { WORKGROUP, LANE_BITS, ACROSS } = constants;
  const groups = Math.ceil(rows / (WORKGROUP >> LANE_BITS)) + Math.ceil(columns / ACROSS);
  return { constants, groups: elementGrid(groups, 1) };
}

/** Neighbouring pixels of an invocation, and invocations of a workgroup beside and above each other. */
const PIXELS = { RUN: 1, WIDE: 32, TALL: 2 };
const PIXELS_ALONE = { RUN: 8, WIDE: 8, TALL: 8 };

/**
 * Constants and workgroups of a kernel over the pixels of images.
 * @param channels for each of which a pixel has an invocation where RUN is 1
 */
export function pixelLaunch(gpu: Gpu, width: number, height: number, images: number, channels = 1) {
  const fit = width * channels <= MOST_GROUPS * PIXELS.WIDE;
  const constants = fit && sharesRows(gpu) ? PIXELS : PIXELS_ALONE;
  const { RUN, WIDE, TALL } = constants;
  const across = RUN === 1 ? width * channels : width;
  return { constants, groups: [Math.ceil(across / (RUN * WIDE)), Math.ceil(height / TALL), images] as const };
}

/** Binary logarithm of how many invocations share a row of so many items: none of them shall be idle in a short one. */
function laneBits(gpu: Gpu, items: number): number {
  return sharesRows(gpu) ? Math.ceil(Math.log2(Math.min(SHARING, Math.max(1, items)))) : 0;
}

/** Whether neighbours share rows, as GPUs want it. */
export function sharesRows(gpu: Gpu): boolean {
  return rowVariant(gpu) === 'workgroup';
}

/** `gpu.tuning.rows`, or what is best for the adapter's class. */
function rowVariant({ facts, tuning }: Gpu): RowVariant {
  const named = runnable(ROW_VARIANTS, facts).find((name) => name === tuning.rows);
  return named ?? bestVariant(ROW_VARIANTS, facts);
}
