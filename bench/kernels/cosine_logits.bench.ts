import type { Gpu } from '../../src/gpu/gpu.ts';
import { cosineLogits, cosineLogitsBackward } from '../../src/kernels/cosine_logits.ts';
import { ROW_KERNELS } from '../../src/lab/kernels/rows.ts';
import { filled } from '../inputs.ts';
import { type BenchCase, bench } from '../registry.ts';

/** The patches of eight images against a normal and an abnormal sentence. */
function* cases(gpu: Gpu): Iterable<BenchCase> {
  const [rows, classes, width] = [2312, 2, 768];
  const f = filled(gpu, rows, width);
  const t = filled(gpu, classes, width);
  const grad = filled(gpu, rows, classes);
  const { inverseNorm } = cosineLogits(f, t, 100);
  yield ROW_KERNELS.COSINE_LOGITS.at(gpu, { rows, classes, width });
  yield {
    name: `${rows}×${classes}×${width} backward`,
    flops: 2 * rows * width * (2 * classes + 1),
    bytes: 8 * width * rows,
    variants: [
      { name: 'rows', run: () => void cosineLogitsBackward(grad, f, t, inverseNorm, 100, { f: true, t: true }) },
    ],
  };
}

bench('cosine_logits', cases);
