import type { Gpu } from '../../src/gpu/gpu.ts';
import { matmulWith } from '../../src/kernels/matmul.ts';
import { chosenVariant } from '../../src/kernels/matmul_plan.ts';
import { PRODUCT_KERNELS } from '../../src/lab/kernels/products.ts';
import { filled, filledHalf } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { MATMUL_SHAPES } from '../shapes.ts';

function* cases(gpu: Gpu): Iterable<BenchCase> {
  for (const [m, k, n] of MATMUL_SHAPES) yield product(gpu, [m, k, n], { transposeB: 1 });
  yield withGelu(gpu, [290, 1024, 4096]);
  yield product(gpu, [288, 1024, 1024], {});
  yield product(gpu, [768, 2320, 1024], { transposeA: 1 });
  yield product(gpu, [2, 2320, 768], { transposeA: 1 });
  yield product(gpu, [1, 768, 768], { transposeB: 1 });
}

type Sizes = readonly [m: number, k: number, n: number];

/** By the variants for this adapter, and with weights of half the size. */
function product(gpu: Gpu, [m, k, n]: Sizes, { transposeA = 0, transposeB = 0 }): BenchCase {
  const one = PRODUCT_KERNELS.MATMUL.at(gpu, { m, k, n, transposeA, transposeB });
  // On a software adapter the variant of real GPUs would take seconds more than the first one does anyway.
  const all = !gpu.facts.software || one.flops < 1e9;
  const variants = one.variants.filter(({ name }) => all || !name.startsWith('workgroup'));
  const best = chosenVariant(gpu.facts, undefined);
  if (transposeA || !transposeB) return { ...one, variants };
  const [a, bias] = [filled(gpu, m, k), filled(gpu, n)];
  const halves = (['f16', 'bf16'] as const).map((dtype) => {
    const half = filledHalf(gpu, dtype, n, k);
    return { name: `${best}, b in ${dtype}`, run: () => void matmulWith(best, a, half, { transposeB: true, bias }) };
  });
  return { ...one, variants: [...variants, ...halves] };
}

/** With the activation as an epilogue. */
function withGelu(gpu: Gpu, [m, k, n]: Sizes): BenchCase {
  const one = PRODUCT_KERNELS.MATMUL.at(gpu, { m, k, n, transposeA: 0, transposeB: 1 });
  const [a, b] = [filled(gpu, m, k), filled(gpu, n, k)];
  const options = { transposeB: true, bias: filled(gpu, n), act: 'gelu' } as const;
  const best = chosenVariant(gpu.facts, undefined);
  const variants = (['reference', best] as const).map((name) => ({
    name,
    run: () => void matmulWith(name, a, b, options),
  }));
  return { ...one, name: `${one.name}gelu`, variants };
}

bench('matmul', cases);
