import type { BenchCase } from './registry.ts';

/** A case with one way to do it. */
export function single(name: string, flops: number, bytes: number, run: () => unknown): BenchCase {
  return { name, flops, bytes, variants: [{ name: 'only', run: () => void run() }] };
}
