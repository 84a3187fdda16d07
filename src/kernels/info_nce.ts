import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { crossLaunch } from './rows.ts';
import { info_nce_backward, info_nce as shader } from './shaders.gen.ts';
import { elementGrid, expectAtMost, expectShape } from './shapes.ts';
import { sumAxis } from './sum_axis.ts';

/** On software adapters one invocation goes through a row or column of the cosines twice. */
const MOST_PAIRS = 4096;

/** What is right of P pictures and T texts; see {@link infoNceTargets}. */
export interface InfoNceTargets<Values = GpuArray> {
  /** [P, T], the weighted sum of the targets of row and column. */
  readonly wanted: Values;
  /** [P + T], what each row and each column counts for; together 1. */
  readonly weights: Values;
}

/** What {@link infoNce} leaves for its backward. */
export interface InfoNceResult {
  /** [1] */
  readonly loss: GpuArray;
  /** [P + T], rows then columns */
  readonly logSumExp: GpuArray;
}

/**
 * Targets of a batch. A row spreads its target evenly over the texts that are true of its picture, a column over the
 * pictures that its text is true of: nothing that is true is a negative. Rows and columns count for one half each; a row
 * or column without anything that is true counts for nothing.
 * @param isTrue of picture i and text j
 */
export function infoNceTargets(
  pictures: number,
  texts: number,
  isTrue: (picture: number, text: number) => boolean,
): InfoNceTargets<Float32Array<ArrayBuffer>> {
  const truth = new Uint8Array(pictures * texts);
  const [rows, columns] = [new Uint32Array(pictures), new Uint32Array(texts)];
  for (let i = 0; i < pictures; i++) {
    for (let j = 0; j < texts; j++) {
      if (!isTrue(i, j)) continue;
      truth[i * texts + j] = 1;
      rows[i]++;
      columns[j]++;
    }
  }
  const [row, column] = [rows, columns].map((counts) => 0.5 / counts.reduce((n, count) => n + Number(count > 0), 0));
  const wanted = Float32Array.from(truth, (one, at) =>
    one ? row / rows[Math.floor(at / texts)] + column / columns[at % texts] : 0,
  );
  const weights = Float32Array.from([
    ...Array.from(rows, (count) => (count > 0 ? row : 0)),
    ...Array.from(columns, (count) => (count > 0 ? column : 0)),
  ]);
  return { wanted, weights };
}

/** Targets on the device, in the current scope. */
export function uploadTargets(
  gpu: Gpu,
  { wanted, weights }: InfoNceTargets<Float32Array<ArrayBuffer>>,
  [pictures, texts]: readonly [number, number],
): InfoNceTargets {
  return {
    wanted: GpuArray.from(gpu, wanted, [pictures, texts]),
    weights: GpuArray.from(gpu, weights, [pictures + texts]),
  };
}

/**
 * Symmetric InfoNCE: the weighted sum of the cross-entropies of rows and of columns of exp(logScale) · cosine.
 * @param cosine [P, T], pictures by texts; each is at most 4,096
 * @param logScale [1]
 */
export function infoNce(cosine: GpuArray, logScale: GpuArray, { wanted, weights }: InfoNceTargets): InfoNceResult {
  const { gpu } = cosine;
  const [rows, columns] = measure(cosine, logScale, { wanted, weights });
  const terms = GpuArray.empty(gpu, [rows + columns]);
  const logSumExp = GpuArray.empty(gpu, [rows + columns]);
  gpu.run({
    shader,
    buffers: { cosine, log_scale: logScale, wanted, weights, terms, log_sum_exp: logSumExp },
    params: { rows, columns },
    ...crossLaunch(gpu, rows, columns),
    flops: 12 * cosine.size,
  });
  const loss = sumAxis(terms, [1, rows + columns, 1], [1]);
  terms.release();
  return { loss, logSumExp };
}

/**
 * Gradients of {@link infoNce}: by the cosines [P, T] and by the logarithm of the scale [1].
 * @param grad [1]
 */
export function infoNceBackward(
  grad: GpuArray,
  cosine: GpuArray,
  logScale: GpuArray,
  { wanted, weights }: InfoNceTargets,
  logSumExp: GpuArray,
): { cosine: GpuArray; logScale: GpuArray } {
  const { gpu } = cosine;
  const [rows, columns] = measure(cosine, logScale, { wanted, weights });
  expectShape('info_nce gradient', grad, [1]);
  expectShape('info_nce logSumExp', logSumExp, [rows + columns]);
  const dCosine = GpuArray.empty(gpu, cosine.shape);
  const dScale = GpuArray.empty(gpu, cosine.shape);
  gpu.run({
    shader: info_nce_backward,
    buffers: {
      ...{ grad, cosine, log_scale: logScale, wanted, weights, log_sum_exp: logSumExp },
      ...{ d_cosine: dCosine, d_scale: dScale },
    },
    params: { rows, columns },
    groups: elementGrid(cosine.size, info_nce_backward.constants.WORKGROUP),
    flops: 12 * cosine.size,
  });
  const total = sumAxis(dScale, [1, dScale.size, 1], [1]);
  dScale.release();
  return { cosine: dCosine, logScale: total };
}

function measure(cosine: GpuArray, logScale: GpuArray, { wanted, weights }: InfoNceTargets): [number, number] {
  const [rows, columns] = cosine.shape;
  expectShape('info_nce cosine', cosine, [rows, columns]);
  expectShape('info_nce scale', logScale, [1]);
  expectShape('info_nce targets', wanted, [rows, columns]);
  expectShape('info_nce weights', weights, [rows + columns]);
  expectAtMost('info_nce: pictures', rows, MOST_PAIRS);
  expectAtMost('info_nce: texts', columns, MOST_PAIRS);
  return [rows, columns];
}
