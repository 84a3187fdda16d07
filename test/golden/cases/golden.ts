/** What golden comparisons share: a topic's files, and errors as ratios of the tolerance (a case passes up to 1). */
import { toFloat32 } from '../../../src/clip/half.ts';
import { parseSafetensors } from '../../../src/clip/safetensors.ts';

/** Reads a file of one seed's golden folder, e.g. `metrics.json`. */
export type ReadGolden = (file: string) => Promise<Uint8Array>;

/** One comparison: `ratio` is the largest error divided by the tolerance, or 0 / Infinity where equality is asked. */
export interface GoldenCase {
  readonly name: string;
  readonly ratio: number;
}

/** A row of a topic's table of tensors. */
interface TensorRow {
  readonly shape: number[];
  readonly max_abs: number;
  /** Only this many elements are stored, evenly spread over the flat tensor. */
  readonly sample?: number;
  readonly f32_max?: number;
  readonly jit_max?: number;
}

/** The facts of a topic. */
export async function readFacts<T>(read: ReadGolden, topic: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await read(`${topic}.json`)));
}

/** The tensors of a topic by name, whatever their element type, as the bytes they are stored in. */
export async function readTensors(read: ReadGolden, topic: string): Promise<ReturnType<typeof parseSafetensors>> {
  return parseSafetensors(await read(`${topic}.safetensors`), `${topic}.safetensors`);
}

/** Equality of two JSON-able values. */
export function exact(name: string, actual: unknown, expected: unknown): GoldenCase {
  return { name, ratio: JSON.stringify(actual) === JSON.stringify(expected) ? 0 : Number.POSITIVE_INFINITY };
}

/** The largest difference, divided by `tolerance`; Infinity for another length or a NaN; null stands for NaN. */
export function within(
  name: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number | null>,
  tolerance: number,
): GoldenCase {
  if (actual.length !== expected.length) return { name, ratio: Number.POSITIVE_INFINITY };
  let ratio = 0;
  for (let i = 0; i < expected.length; i++) {
    const reference = expected[i];
    if (reference === null) {
      if (!Number.isNaN(actual[i])) ratio = Number.POSITIVE_INFINITY;
      continue;
    }
    const error = Math.abs(actual[i] - reference) / tolerance;
    ratio = error <= ratio ? ratio : Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
  }
  return { name, ratio };
}

/**
 * A tensor against the golden one of the same name, at 16 times the float32 reference's own spread.
 * @param spread this engine's own spread under rounding, where it was measured; see `fusionCases`
 */
export function tensorCase(
  name: string,
  actual: Float32Array,
  table: Readonly<Record<string, TensorRow>>,
  tensors: ReturnType<typeof parseSafetensors>,
  spread = 0,
): GoldenCase {
  const row = table[name];
  const stored = tensors.get(name);
  const size = row?.shape.reduce((a, b) => a * b, 1);
  if (!row || !stored || size !== actual.length) return { name, ratio: Number.POSITIVE_INFINITY };
  const expected = toFloat32(stored.dtype, stored.data);
  const kept = row.sample ? expected.map((_, j) => actual[Math.floor((j * size) / expected.length)]) : actual;
  const tolerance = 16 * Math.max(row.f32_max ?? 0, row.jit_max ?? 0, spread) + 5e-6 * row.max_abs;
  return within(name, kept, expected, tolerance);
}
