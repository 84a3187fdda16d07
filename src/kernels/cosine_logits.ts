import { GpuArray } from '../gpu/array.ts';
import { scaleRows } from './elementwise.ts';
import { matmul } from './matmul.ts';
import { rowLaunch } from './rows.ts';
import { cosine_logits, cosine_logits_backward } from './shaders.gen.ts';
import { expectShape } from './shapes.ts';

/** Loop iterations that one invocation may spend (lavapipe ends loops silently after 65,535). */
const MAX_ITERATIONS = 61440;

/**
 * Cosine similarities times a temperature: temperature · f[r]·t[c] / max(|f[r]|, 1e-12).
 * @param f [rows, E], not normalised
 * @param t [C, E], normalised; C is small, 2 (C + 1) (E + 1) at most 61,440
 * @returns logits [rows, C] and 1 / max(|f[r]|, 1e-12) as [rows]
 */
export function cosineLogits(
  f: GpuArray,
  t: GpuArray,
  temperature: number,
): { logits: GpuArray; inverseNorm: GpuArray } {
  const { gpu } = f;
  const [rows, classes, width] = measure(f, t);
  const logits = GpuArray.empty(gpu, [rows, classes]);
  const inverseNorm = GpuArray.empty(gpu, [rows]);
  gpu.run({
    shader: cosine_logits,
    buffers: { f, t, logits, inverse_norm: inverseNorm },
    params: { rows, width, classes, temperature },
    ...rowLaunch(gpu, rows, width),
    flops: 2 * rows * width * (classes + 1),
  });
  return { logits, inverseNorm };
}

/**
 * Gradients of {@link cosineLogits}.
 * @param grad [rows, C]
 * @param need which of the two are wanted; the others are null
 * @param relu f are results of a ReLU, and the gradient of what it was given is wanted in place of theirs
 */
export function cosineLogitsBackward(
  grad: GpuArray,
  f: GpuArray,
  t: GpuArray,
  inverseNorm: GpuArray,
  temperature: number,
  need: { f: boolean; t: boolean },
  relu = false,
): { f: GpuArray | null; t: GpuArray | null } {
  const { gpu } = f;
  const [rows, classes, width] = measure(f, t);
  expectShape('cosine_logits gradient', grad, [rows, classes]);
  expectShape('cosine_logits inverseNorm', inverseNorm, [rows]);
  let df: GpuArray | null = null;
  if (need.f) {
    df = GpuArray.empty(gpu, f.shape);
    gpu.run({
      shader: cosine_logits_backward,
      buffers: { grad, f, t, inverse_norm: inverseNorm, d_f: df },
      params: { rows, width, classes, temperature, slope: relu ? 0 : 1 },
      ...rowLaunch(gpu, rows, width),
      flops: 2 * rows * width * (2 * classes + 2),
    });
  }
  let dt: GpuArray | null = null;
  if (need.t) {
    // Logits are linear in t: its gradient is a product with the normalised rows of f.
    const weights = scaleRows(grad, inverseNorm);
    dt = matmul(weights, f, { transposeA: true, alpha: temperature });
    weights.release();
  }
  return { f: df, t: dt };
}

function measure(f: GpuArray, t: GpuArray): [rows: number, classes: number, width: number] {
  const [rows, width] = f.shape;
  const [classes] = t.shape;
  expectShape('cosine_logits f', f, [rows, width]);
  expectShape('cosine_logits t', t, [classes, width]);
  if (2 * (classes + 1) * (width + 1) > MAX_ITERATIONS)
    throw new Error(`cosine_logits: ${classes} classes are too many`);
  return [rows, classes, width];
}
