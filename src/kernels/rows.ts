import type { Gpu } from '../gpu/gpu.ts';
import { elementGrid } from './shapes.ts';
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
  const WORKGROUP = rowVariant(gpu) === 'workgroup' ? SHARING : alone;
  return { constants: { WORKGROUP, LANE_BITS: bits }, groups: elementGrid(rows * 2 ** bits, WORKGROUP) };
}

/** Binary logarithm of how many invocations share a row of so many items: none of them shall be idle in a short one. */
function laneBits(gpu: Gpu, items: number): number {
  return rowVariant(gpu) === 'workgroup' ? Math.ceil(Math.log2(Math.min(SHARING, Math.max(1, items)))) : 0;
}

/** `gpu.tuning.rows`, or what is best for the adapter's class. */
function rowVariant({ facts, tuning }: Gpu): RowVariant {
  const named = runnable(ROW_VARIANTS, facts).find((name) => name === tuning.rows);
  return named ?? bestVariant(ROW_VARIANTS, facts);
}
