import type { Gpu } from '../../src/gpu/gpu.ts';
import { bankDistance } from '../../src/kernels/bank_distance.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The patches of an image against a bank of about four images with few augmentations. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, entries, width] = [289, 4624, 768];
  const query = filled(gpu, rows, width);
  const bank = filled(gpu, entries, width);
  yield {
    name: `${rows} in ${entries}×${width}`,
    flops: 2 * rows * entries * width,
    bytes: 4 * width * (rows + entries),
    variants: [{ name: 'pieces', run: () => void bankDistance(query, bank) }],
  };
}

bench('bank_distance', cases);
