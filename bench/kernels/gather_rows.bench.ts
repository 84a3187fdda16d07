import type { Gpu } from '../../src/gpu/gpu.ts';
import { gatherRows, scatterRows, uploadIndex } from '../../src/kernels/gather_rows.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';
import { single } from '../single.ts';

/** Token embeddings of ten sentences. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [entries, width, n] = [5000, 768, 770];
  const table = filled(gpu, entries, width);
  const index = uploadIndex(
    gpu,
    Uint32Array.from({ length: n }, (_, i) => (i * i) % entries),
  );
  const grad = filled(gpu, n, width);
  yield single('gather', 0, 8 * grad.size, () => gatherRows(table, index));
  yield single('scatter', grad.size, 4 * (grad.size + table.size), () => scatterRows(grad, index, entries));
}

bench('gather_rows', cases);
