import type { Gpu } from '../../src/gpu/gpu.ts';
import { permute, repeatTo, sliceAxis } from '../../src/kernels/strided_copy.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Tokens of two images of 240 px in ViT-L: heads apart, a matrix transposed, the patches alone, one row for all tokens. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const x = filled(gpu, 2, 290, 16, 64);
  const bytes = 8 * x.size;
  yield single('heads [0, 2, 1, 3]', 0, bytes, () => permute(x, [0, 2, 1, 3]));
  const matrix = x.reshape([580, 1024]);
  yield single('transpose', 0, bytes, () => permute(matrix, [1, 0]));
  const tokens = x.reshape([2, 290, 1024]);
  yield single('slice of tokens', 0, bytes, () => sliceAxis(tokens, 1, 1, 289));
  const row = filled(gpu, 2, 1, 1024);
  yield single('repeat', 0, bytes / 2, () => repeatTo(row, [2, 290, 1024], 0.5));
}

bench('strided_copy', cases);
