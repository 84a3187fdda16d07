import type { Gpu } from '../../src/gpu/gpu.ts';
import { guidedUpsampleWith } from '../../src/kernels/guided_upsample.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

const VARIANTS = ['reference', 'registers'] as const;

/** Maps of two images of 240 × 240 pixels with the window of the default settings. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const map = filled(gpu, 2, 240, 240);
  const guide = filled(gpu, 2, 3, 240, 240);
  const radius = 14;
  const flops = 22 * (2 * radius + 1) ** 2 * map.size;
  const guidance = { radius, space: 7, range: 0.1 };
  yield {
    name: '2×240×240, radius 14',
    flops,
    bytes: 4 * (2 * map.size + guide.size),
    variants: VARIANTS.map((variant) => ({
      name: variant,
      run: () => void guidedUpsampleWith(variant, map, guide, guidance),
    })),
  };
}

bench('guided_upsample', cases);
