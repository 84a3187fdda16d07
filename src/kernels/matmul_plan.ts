import type { AdapterClass } from '../gpu/adapter.ts';
import { MATMUL_VARIANTS, type MatmulVariant, matmulRow } from './matmul_variants.ts';
import { bestVariant, runnable, type VariantFacts } from './variants.ts';

export { MATMUL_VARIANTS, type MatmulVariant };

/** Sizes of batches · [m, k] · [k, n]. */
export interface MatmulSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
}

/** How a product is carried out. */
export interface MatmulPlan {
  readonly variant: MatmulVariant;
  /** Rows and columns of the result that belong together. */
  readonly tileM: number;
  readonly tileN: number;
  /** The sum over k is cut into this many slices of `slice` (a multiple of 4) each. */
  readonly slices: number;
  readonly slice: number;
}

/** Whether a text names one of {@link MATMUL_VARIANTS}. */
export function isMatmulVariant(name: unknown): name is MatmulVariant {
  return typeof name === 'string' && Object.hasOwn(MATMUL_VARIANTS, name);
}

/** The variants that an adapter can run and `fusionclip tune` chooses from: all but the first one and those for thin products. */
export function matmulVariants(facts: VariantFacts): MatmulVariant[] {
  return runnable(MATMUL_VARIANTS, facts)
    .slice(1)
    .filter((name) => !matmulRow(name).thinOnly);
}

/** The variant of an adapter that was not tuned. */
export function defaultVariant(facts: VariantFacts): MatmulVariant {
  return bestVariant(MATMUL_VARIANTS, facts);
}

/** The variant that was chosen for an adapter, if it can run it, else its default. */
export function chosenVariant(facts: VariantFacts, tuned: unknown): MatmulVariant {
  return isMatmulVariant(tuned) && matmulVariants(facts).includes(tuned) ? tuned : defaultVariant(facts);
}

/** Longest sum of one invocation: lavapipe ends loops silently after 65,535 iterations. */
const MAX_SLICE = 32768;
/** Shorter slices would cost more in the second pass than they gain. */
const MIN_SLICE = 256;
/** Multiplications below which a launch costs more than the work, so that the variant does not matter. */
const SMALL = 2 ** 18;
/** Workgroups that keep an adapter busy: a few per core, or several per multiprocessor. */
const BUSY_SOFTWARE = 16;
const BUSY_HARDWARE = 128;
/** Workgroups from which on a last round that leaves multiprocessors idle, 48 to 128 of them, costs less than small tiles do. */
const EVEN_HARDWARE = 320;
/** Slices end on a multiple of this, which is what a variant sums in one round. */
const ROUND_SOFTWARE = 4;
const ROUND_HARDWARE = 32;
/** Multiplications for each number of the operands from which on their copies in textures are worth it. */
const WORTH_COPYING = 24;
/** Larger tiles save loads: they may compute this many times as much as smaller ones. */
const LARGER_TILES_GAIN = 1.08;

/**
 * Chooses variant, tile and slices for an adapter and a shape. Real GPUs share tiles through workgroup memory; software
 * adapters want few invocations that each own as many results as possible (see the headers of the shaders).
 * @param forced a variant to use instead of the best one, for tests and benches
 * @param tuned what was measured to be the best variant of this adapter
 */
export function planMatmul(
  kind: AdapterClass,
  size: MatmulSize,
  forced?: MatmulVariant,
  tuned: MatmulVariant = defaultVariant({ class: kind, features: [] }),
): MatmulPlan {
  const { m, n, k, batches } = size;
  const variant = forced ?? variantFor(tuned, size);
  const { tile, tiles } = matmulRow(variant);
  const [tileM, tileN] = tile(m, n);
  const groups = Math.max(1, Math.ceil((m * n) / (tiles * tileM * tileN)) * batches);
  const busy = kind === 'hardware' ? BUSY_HARDWARE : BUSY_SOFTWARE;
  const wanted = Math.min(Math.ceil(busy / groups), Math.floor(k / MIN_SLICE));
  const cuts = Math.max(1, wanted, Math.ceil(k / MAX_SLICE));
  const round = kind === 'hardware' ? ROUND_HARDWARE : ROUND_SOFTWARE;
  const slice = Math.max(4, Math.ceil(k / cuts / round) * round);
  return { variant, tileM, tileN, slices: Math.max(1, Math.ceil(k / slice)), slice };
}

function variantFor(large: MatmulVariant, size: MatmulSize): MatmulVariant {
  const { m, n, k, batches } = size;
  if (m * n * k * batches <= SMALL) return 'reference';
  const { thin, small, reads } = matmulRow(large);
  if (m < 16 || n < 16) return thin;
  if (reads === 'texels' && (m * n) / (m + n) < WORTH_COPYING) return thin;
  if (small === undefined) return large;
  const [own, other] = [tilesOf(large, size), tilesOf(small, size)];
  return own.groups >= EVEN_HARDWARE && own.computed <= LARGER_TILES_GAIN * other.computed ? large : small;
}

/** Workgroups of a product, and the results that they compute, those beyond its edges too. */
function tilesOf(variant: MatmulVariant, { m, n, batches }: MatmulSize): { groups: number; computed: number } {
  const [rows, columns] = matmulRow(variant).tile(m, n);
  const groups = Math.ceil(m / rows) * Math.ceil(n / columns) * batches;
  return { groups, computed: groups * rows * columns };
}
