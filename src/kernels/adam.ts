import type { GpuArray } from '../gpu/array.ts';
import { adam } from './shaders.gen.ts';
import { elementGrid, expectShape, quads } from './shapes.ts';

/** Moments of one parameter, zeros at first. */
export interface AdamState {
  /** First moment m, shape of the parameter */
  readonly exp_avg: GpuArray;
  /** Second moment v, shape of the parameter */
  readonly exp_avg_sq: GpuArray;
}

/** Settings of one step. */
export interface AdamSchedule {
  readonly lr: number;
  /** [β₁, β₂] */
  readonly betas: readonly [number, number];
  readonly eps: number;
  /** Decoupled weight decay (AdamW); 0 is plain Adam. */
  readonly weightDecay: number;
  /** Number of this step: 1, 2, … */
  readonly step: number;
  /** Factor on the gradient; 1 leaves it. */
  readonly clip: number;
}

/** Place of the clip factor in a packed schedule, the one entry that a kernel may want to write. */
export const CLIP_ENTRY = 7;

/**
 * The eight numbers that {@link adamStep} reads, to be written into an f32 [8]: lr/(1−β₁ᵗ), 1−β₁, 1−β₂, eps, 1−lr·wd,
 * √(1−β₂ᵗ), lr, clip. What torch computes in Python's float64 is computed in float64 here: from β₂ = 0.999 in f32 the
 * shader could take 1−β₂ to four or five digits only.
 */
export function packSchedule(schedule: AdamSchedule): Float32Array<ArrayBuffer> {
  const { lr, betas, eps, weightDecay, step, clip } = schedule;
  const [beta1, beta2] = betas;
  if (!(Number.isInteger(step) && step >= 1)) throw new Error(`adam: steps are counted from 1, not ${step}`);
  return new Float32Array([
    lr / (1 - beta1 ** step),
    1 - beta1,
    1 - beta2,
    eps,
    1 - lr * weightDecay,
    Math.sqrt(1 - beta2 ** step),
    lr,
    clip,
  ]);
}

/**
 * One step of Adam or AdamW as torch takes it, in place. All that changes from step to step is in `schedule`, so a recorded
 * step can be replayed after writing that one small buffer.
 * @param param any shape; it may be a view into a larger array
 * @param grad same shape
 * @param schedule f32 [8], see `packSchedule`
 */
export function adamStep(param: GpuArray, grad: GpuArray, state: AdamState, schedule: GpuArray): void {
  expectShape('adam gradient', grad, param.shape);
  expectShape('adam exp_avg', state.exp_avg, param.shape);
  expectShape('adam exp_avg_sq', state.exp_avg_sq, param.shape);
  expectShape('adam schedule', schedule, [8]);
  param.gpu.run({
    shader: adam,
    buffers: { grad, schedule, theta: param, exp_avg: state.exp_avg, exp_avg_sq: state.exp_avg_sq },
    params: { size: param.size },
    groups: elementGrid(quads(param), adam.constants.WORKGROUP),
    flops: 14 * param.size,
  });
}
