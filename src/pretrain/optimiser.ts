import { FusionclipError } from '../base/errors.ts';
import type { ClipConfig } from '../clip/index.ts';
import { resizePositions } from '../clip/positions.ts';
import { Adam, type Parameter } from '../nn/index.ts';
import type { DualEncoder } from './dual_encoder.ts';
import type { PretrainOptions } from './options.ts';

const BETAS = [0.9, 0.98] as const;
const EPS = 1e-6;
const POSITIONS = 'visual.positional_embedding';

/** AdamW for all parameters of a model, in two groups: those that shrink by weight decay and those that do not. */
export function optimiser({ lr, 'weight-decay': weightDecay }: PretrainOptions, model: DualEncoder): Adam {
  const all = [...model.parameters.values()];
  const shared = { lr, betas: BETAS, eps: EPS };
  return new Adam([
    { ...shared, weightDecay, parameters: all.filter(decays) },
    { ...shared, parameters: all.filter((p) => !decays(p)) },
  ]);
}

/**
 * Goes on with stored moments.
 * @param moments those of the position table belong to the native size of the towers
 * @param size of the square pictures that the model is for, in pixels
 * @throws FusionclipError `bad_model` when one is missing
 */
export function writeMoments(
  adam: Adam,
  moments: ReadonlyMap<string, Float32Array<ArrayBuffer>>,
  { patch, nativeSize }: ClipConfig['vision'],
  size: number,
): void {
  const [from, to] = [nativeSize, size].map((side) => Math.floor(side / patch));
  for (const [name, array] of adam.state()) {
    const values = moments.get(name);
    if (!values) throw new FusionclipError('bad_model', `The checkpoint has no tensor ${name}.`);
    array.write(name.endsWith(POSITIONS) ? resizedMoments(name, values, from, to) : values);
  }
}

/** Matrices shrink by weight decay; vectors and tables of embeddings do not. */
function decays({ name, shape }: Parameter): boolean {
  return shape.length > 1 && !/embedding/.test(name);
}

/** Moments of the position table for another grid; squares stay positive. */
function resizedMoments(name: string, values: Float32Array, from: number, to: number): Float32Array<ArrayBuffer> {
  const resized = resizePositions(values, from, to);
  return name.startsWith('exp_avg_sq') ? resized.map((v) => Math.max(0, v)) : resized;
}
