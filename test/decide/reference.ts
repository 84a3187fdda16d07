import type { TestContext } from '../harness/registry.ts';

/** Decisions by other programs; `test/reference/decisions.py` has written them. */
export interface Reference {
  readonly conformal: readonly { normals: number[]; scores: number[]; p: number[]; adjusted: number[] }[];
  readonly kolmogorovSmirnov: readonly { a: number[]; b: number[]; statistic: number; p: number }[];
  readonly discrepancy: readonly { pooled: number[][]; first: number; statistic: number }[];
  readonly probability: readonly {
    scores: number[];
    labels: number[];
    asked: number[];
    platt: number[];
    isotonic: number[];
  }[];
  /** count, of, low, high */
  readonly shares: readonly [number, number, number, number][];
}

/** Reads it. */
export async function readReference(t: TestContext): Promise<Reference> {
  return JSON.parse(new TextDecoder().decode(await t.fixture('reference/decisions.json')));
}

/** Numbers that are normally distributed to the eye, by the sum of twelve even ones. */
export function bellShaped(stream: (index: number) => number, count: number, mean = 0, deviation = 1): number[] {
  return Array.from({ length: count }, (_, i) => {
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += stream(12 * i + k) / 2 ** 32;
    return Math.fround(mean + deviation * sum);
  });
}
