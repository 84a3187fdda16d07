import { GpuArray } from '../gpu/array.ts';
import { info_nce_backward, info_nce as shader } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** One invocation goes through a row of the cosines twice. */
const MOST_PAIRS = 4096;

/** What {@link infoNce} leaves for its backward. */
export interface InfoNceResult {
  /** [1] */
  readonly loss: GpuArray;
  /** [2B], rows then columns */
  readonly logSumExp: GpuArray;
}

/**
 * Targets of a batch: where the text of pair j is true of the picture of pair i, that is no negative. A row spreads its
 * target evenly over the texts that are true of its picture, a column over the pictures that its text is true of.
 * @param isTrue of picture i and text j; always of a pair's own
 * @returns [B, B], the sum of the targets of rows and columns
 */
export function infoNceTargets(
  batch: number,
  isTrue: (picture: number, text: number) => boolean,
): Float32Array<ArrayBuffer> {
  const truth = new Uint8Array(batch * batch);
  const [rows, columns] = [new Uint32Array(batch), new Uint32Array(batch)];
  for (let i = 0; i < batch; i++) {
    for (let j = 0; j < batch; j++) {
      if (i !== j && !isTrue(i, j)) continue;
      truth[i * batch + j] = 1;
      rows[i]++;
      columns[j]++;
    }
  }
  return Float32Array.from(truth, (one, at) => one / rows[Math.floor(at / batch)] + one / columns[at % batch]);
}

/**
 * Symmetric InfoNCE: the mean of the cross-entropies of rows and of columns of exp(logScale) · cosine.
 * @param cosine [B, B], pictures by texts; B is at most 4,096
 * @param logScale [1]
 * @param targets [B, B], see {@link infoNceTargets}
 */
export function infoNce(cosine: GpuArray, logScale: GpuArray, targets: GpuArray): InfoNceResult {
  const { gpu } = cosine;
  const batch = measure(cosine, logScale, targets);
  const parts = GpuArray.empty(gpu, [2 * batch]);
  const logSumExp = GpuArray.empty(gpu, [2 * batch]);
  gpu.run({
    shader,
    buffers: { cosine, log_scale: logScale, wanted: targets, parts, log_sum_exp: logSumExp },
    params: { batch },
    groups: elementGrid(2 * batch, shader.constants.WORKGROUP),
    flops: 12 * cosine.size,
  });
  const loss = sumAxis(parts, [1, 2 * batch, 1], [1], 1 / (2 * batch));
  parts.release();
  return { loss, logSumExp };
}

/**
 * Gradients of {@link infoNce}: by the cosines [B, B] and by the logarithm of the scale [1].
 * @param grad [1]
 */
export function infoNceBackward(
  grad: GpuArray,
  cosine: GpuArray,
  logScale: GpuArray,
  targets: GpuArray,
  logSumExp: GpuArray,
): { cosine: GpuArray; logScale: GpuArray } {
  const { gpu } = cosine;
  const batch = measure(cosine, logScale, targets);
  expectShape('info_nce gradient', grad, [1]);
  expectShape('info_nce logSumExp', logSumExp, [2 * batch]);
  const dCosine = GpuArray.empty(gpu, cosine.shape);
  const dScale = GpuArray.empty(gpu, cosine.shape);
  gpu.run({
    shader: info_nce_backward,
    buffers: {
      ...{ grad, cosine, log_scale: logScale, wanted: targets, log_sum_exp: logSumExp },
      ...{ d_cosine: dCosine, d_scale: dScale },
    },
    params: { batch },
    groups: elementGrid(cosine.size, info_nce_backward.constants.WORKGROUP),
    flops: 12 * cosine.size,
  });
  const total = sumAxis(dScale, [1, dScale.size, 1], [1]);
  dScale.release();
  return { cosine: dCosine, logScale: total };
}

function measure(cosine: GpuArray, logScale: GpuArray, targets: GpuArray): number {
  const [batch] = cosine.shape;
  expectShape('info_nce cosine', cosine, [batch, batch]);
  expectShape('info_nce scale', logScale, [1]);
  expectShape('info_nce targets', targets, [batch, batch]);
  expectAtMost('info_nce: pairs', batch, MOST_PAIRS);
  return batch;
}
