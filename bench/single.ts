import type { BenchCase } from './registry.ts';

/** A case with one way to do it. */
export function single(name: string, flops: number, bytes: number, run: () => unknown): BenchCase {
  return { name, flops, bytes, variants: [{ name: 'only', run: () => void run() }] };
}

/** A case with two ways to do it: the variant for any shape, and the one that reads several values at a time. */
export function twoVariants(name: string, flops: number, bytes: number, ...[any, wide]: (() => unknown)[]): BenchCase {
  const variants = [
    { name: 'any width', run: () => void any() },
    { name: 'wide', run: () => void wide() },
  ];
  return { name, flops, bytes, variants };
}
