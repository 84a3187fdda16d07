import type { AdapterClass, AdapterFacts } from '../gpu/adapter.ts';

/** The rungs of matmul, slowest first; `subgroups` needs the feature of that name. */
export type MatmulRung = 'reference' | 'registers' | 'subgroups' | 'workgroup';

/** Sizes of batches · [m, k] · [k, n]. */
export interface MatmulSize {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batches: number;
}

/** How a product is carried out. */
export interface MatmulPlan {
  readonly rung: MatmulRung;
  /** Results of one invocation of the `registers` rung. */
  readonly tileM: number;
  readonly tileN: number;
  /** The sum over k is cut into this many slices of `slice` (a multiple of 4) each. */
  readonly slices: number;
  readonly slice: number;
}

/** What large products are done with: a rung, and the tile of `registers` for them or for thin ones. */
interface Variant {
  readonly rung: 'registers' | 'subgroups' | 'workgroup';
  readonly tile: 8 | 16;
}

/** The variants that `fusionclip tune` chooses from, by name. */
export const MATMUL_VARIANTS = {
  'registers-16': { rung: 'registers', tile: 16 },
  'registers-8': { rung: 'registers', tile: 8 },
  workgroup: { rung: 'workgroup', tile: 16 },
  subgroups: { rung: 'subgroups', tile: 8 },
} as const satisfies Record<string, Variant>;

/** One of {@link MATMUL_VARIANTS}. */
export type MatmulVariant = keyof typeof MATMUL_VARIANTS;

/** Whether a text names one of {@link MATMUL_VARIANTS}. */
export function isMatmulVariant(name: unknown): name is MatmulVariant {
  return typeof name === 'string' && Object.hasOwn(MATMUL_VARIANTS, name);
}

/** What a choice depends on. */
type Facts = Pick<AdapterFacts, 'class' | 'features'>;

/** The variants that an adapter can run. */
export function matmulVariants({ features }: Pick<Facts, 'features'>): MatmulVariant[] {
  const all = Object.keys(MATMUL_VARIANTS) as MatmulVariant[];
  return all.filter((name) => name !== 'subgroups' || features.includes('subgroups'));
}

/** The variant of an adapter that was not tuned. */
export function defaultVariant({ class: kind, features }: Facts): MatmulVariant {
  if (kind === 'hardware') return 'workgroup';
  if (kind !== 'swiftshader') return 'registers-16';
  return features.includes('subgroups') ? 'subgroups' : 'registers-8';
}

/** The variant that was chosen for an adapter, if it can run it, else its default. */
export function chosenVariant(facts: Facts, tuned: unknown): MatmulVariant {
  return isMatmulVariant(tuned) && matmulVariants(facts).includes(tuned) ? tuned : defaultVariant(facts);
}

/** Longest sum of one invocation: lavapipe ends loops silently after 65,535 iterations. */
const MAX_SLICE = 32768;
/** Shorter slices would cost more in the second pass than they gain. */
const MIN_SLICE = 256;
/** Multiplications below which a launch costs more than the work, so that the rung does not matter. */
const SMALL = 2 ** 18;
/** Workgroups that keep an adapter busy: a few per core, or several per multiprocessor. */
const BUSY_SOFTWARE = 16;
const BUSY_HARDWARE = 128;

/**
 * Chooses rung, tile and slices for an adapter and a shape. Real GPUs share tiles through workgroup memory; software
 * adapters want few invocations that each own as many results as possible (see the headers of the shaders).
 * @param forced a rung to use instead of the best one, for tests and benches
 * @param tuned what was measured to be the best variant of this adapter
 */
export function planMatmul(
  kind: AdapterClass,
  size: MatmulSize,
  forced?: MatmulRung,
  tuned: MatmulVariant = defaultVariant({ class: kind, features: [] }),
): MatmulPlan {
  const { m, n, k, batches } = size;
  const variant: Variant = MATMUL_VARIANTS[tuned];
  const rung = forced ?? bestRung(variant.rung, size);
  // Two sizes only: every further combination is a pipeline that takes up to half a second to compile.
  const tileM = m > 8 ? variant.tile : 4;
  const tileN = n > 8 ? variant.tile : 4;
  const perGroup = { reference: 64, registers: 8 * tileM * tileN, subgroups: 28 * 20, workgroup: 64 * 64 }[rung];
  const groups = Math.max(1, Math.ceil((m * n) / perGroup) * batches);
  const busy = kind === 'hardware' ? BUSY_HARDWARE : BUSY_SOFTWARE;
  const wanted = Math.min(Math.ceil(busy / groups), Math.floor(k / MIN_SLICE));
  const cuts = Math.max(1, wanted, Math.ceil(k / MAX_SLICE));
  const slice = Math.max(4, Math.ceil(k / cuts / 4) * 4);
  return { rung, tileM, tileN, slices: Math.max(1, Math.ceil(k / slice)), slice };
}

function bestRung(large: Variant['rung'], { m, n, k, batches }: MatmulSize): MatmulRung {
  if (m * n * k * batches <= SMALL) return 'reference';
  return m >= 16 && n >= 16 ? large : 'registers';
}
