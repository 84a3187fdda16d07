import type { Gpu } from '../../src/gpu/gpu.ts';
import { uploadIndex } from '../../src/kernels/gather_rows.ts';
import { insertRows, insertRowsBackward } from '../../src/kernels/insert_rows.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Eight prompts with four learnable vectors each, in two sets. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [sentences, length, n, width] = [16, 20, 4, 768];
  const rows = filled(gpu, sentences, length, width);
  const ctx = filled(gpu, 2, n, width);
  const at = uploadIndex(gpu, new Uint32Array(sentences).fill(5));
  const set = uploadIndex(
    gpu,
    Uint32Array.from({ length: sentences }, (_, i) => i % 2),
  );
  const grad = filled(gpu, sentences, length + n, width);
  const need = { rows: false, ctx: true };
  yield single('forward', 0, 8 * grad.size, () => insertRows(rows, ctx, at, set));
  yield single('backward ctx', sentences * n * width, 4 * sentences * n * width, () =>
    insertRowsBackward(grad, n, at, set, 2, need),
  );
}

bench('insert_rows', cases);
