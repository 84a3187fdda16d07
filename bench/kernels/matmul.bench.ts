import type { Gpu } from '../../src/gpu/gpu.ts';
import { type MatmulOptions, matmulWith } from '../../src/kernels/matmul.ts';
import { chosenVariant, MATMUL_VARIANTS } from '../../src/kernels/matmul_plan.ts';
import { runnable } from '../../src/kernels/variants.ts';
import { filled, filledHalf } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { MATMUL_SHAPES } from '../shapes.ts';

function* cases(gpu: Gpu): Iterable<BenchCase> {
  for (const [m, k, n] of MATMUL_SHAPES) yield product(gpu, [m, k, n], { transposeB: true });
  yield product(gpu, [290, 1024, 4096], { transposeB: true }, { act: 'gelu' });
  yield product(gpu, [288, 1024, 1024], {});
  yield product(gpu, [768, 2320, 1024], { transposeA: true });
  yield product(gpu, [2, 2320, 768], { transposeA: true });
  yield product(gpu, [1, 768, 768], { transposeB: true });
}

/** Named m×k×n and the transpositions. */
function product(
  gpu: Gpu,
  [m, k, n]: readonly [number, number, number],
  layout: { transposeA?: boolean; transposeB?: boolean },
  more: MatmulOptions = {},
): BenchCase {
  const { transposeA = false, transposeB = false } = layout;
  const a = transposeA ? filled(gpu, k, m) : filled(gpu, m, k);
  const b = transposeB ? filled(gpu, n, k) : filled(gpu, k, n);
  const options = { ...layout, ...more, bias: filled(gpu, n) };
  const flops = 2 * m * n * k;
  // On a software adapter the variant of real GPUs would take seconds more than the first one does anyway.
  const all = !gpu.facts.software || flops < 1e9;
  const names = runnable(MATMUL_VARIANTS, gpu.facts).filter((name) => all || !name.startsWith('workgroup'));
  const best = chosenVariant(gpu.facts, undefined);
  const stored = transposeB && !transposeA ? (['f16', 'bf16'] as const) : [];
  return {
    name: `${m}×${k}×${n} ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'} ${more.act ?? ''}`,
    flops,
    bytes: 4 * (m * k + k * n + m * n),
    variants: [
      ...names.map((name) => ({ name, run: () => void matmulWith(name, a, b, options) })),
      // Weights of half the size.
      ...stored.map((dtype) => {
        const half = filledHalf(gpu, dtype, n, k);
        return { name: `${best}, b in ${dtype}`, run: () => void matmulWith(best, a, half, options) };
      }),
    ],
  };
}

bench('matmul', cases);
