import type { Gpu } from '../../src/gpu/gpu.ts';
import type { BenchCase, Variant } from '../registry.ts';

/**
 * A case whose floor is counted from its first variant, run once: operations as the wrappers declare them.
 * @param bytes that any implementation must move: weights once, inputs and outputs
 */
export async function wholeCase(
  gpu: Gpu,
  name: string,
  bytes: number,
  variants: readonly Variant[],
): Promise<BenchCase> {
  const before = gpu.flops;
  {
    using _scope = gpu.scope();
    await variants[0].run();
  }
  await gpu.idle();
  return { name, flops: gpu.flops - before, bytes, variants, whole: true };
}
