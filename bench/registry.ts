import type { Gpu } from '../src/gpu/gpu.ts';

/** One way to do a piece of work; the first of a case is its first variant, which the others are compared with. */
export interface Variant {
  readonly name: string;
  /** Records the work once. A promise that it returns is waited for. What it allocates is released by the harness. */
  readonly run: () => unknown;
}

/** A piece of work and the ways to do it. */
export interface BenchCase {
  /** Shapes, e.g. `290×1024×1024 NT`. */
  readonly name: string;
  /** Floating-point operations and bytes that any implementation must do or move: the floor. */
  readonly flops: number;
  readonly bytes: number;
  readonly variants: readonly Variant[];
  /** Many kernels, so that the time of the host counts: it is measured too. */
  readonly whole?: boolean;
}

/** What a bench file registers: a word and a function that makes its cases, inputs included, one at a time. */
export interface Bench {
  readonly name: string;
  readonly cases: (gpu: Gpu) => Iterable<BenchCase> | AsyncIterable<BenchCase>;
}

const benches: Bench[] = [];

/**
 * Registers the benches of a kernel. `cases` may be a generator, which makes the inputs of a case when its turn
 * comes; its arrays are released when the bench ends.
 */
export function bench(name: string, cases: Bench['cases']): void {
  benches.push({ name, cases });
}

/** All benches registered so far. */
export function registeredBenches(): readonly Bench[] {
  return benches;
}
