/** Weights of convolutions in the order in which the kernels read windows: (row, column, channel). */

/** [O, C, side, side] as PyTorch keeps it to [O, side² · C]. */
export function filterRows(weight: Float32Array, channels: number, side: number): Float32Array<ArrayBuffer> {
  const taps = side * side;
  const out = new Float32Array(weight.length);
  for (let row = 0; row < weight.length; row += channels * taps) {
    for (let c = 0; c < channels; c++) {
      for (let tap = 0; tap < taps; tap++) out[row + tap * channels + c] = weight[row + c * taps + tap];
    }
  }
  return out;
}

/** Rows of four equal parts for the tokens of a 2×2 square, column by column as Swin merges them, to row by row. */
export function squareRows(values: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values);
  for (let row = 0; row < values.length; row += 4 * width) {
    out.set(values.subarray(row + 2 * width, row + 3 * width), row + width);
    out.set(values.subarray(row + width, row + 2 * width), row + 2 * width);
  }
  return out;
}

/** The four numbers that a batch norm has for every channel. */
export interface BatchNorm {
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

const EPSILON = 1e-5;

/** A convolution [O, …] and the batch norm after it as one convolution with a bias; changes `weight`. */
export function foldBatchNorm(
  weight: Float32Array<ArrayBuffer>,
  norm: BatchNorm,
): { weight: Float32Array<ArrayBuffer>; bias: Float32Array<ArrayBuffer> } {
  const outputs = norm.weight.length;
  const each = weight.length / outputs;
  const bias = new Float32Array(outputs);
  for (let o = 0; o < outputs; o++) {
    const factor = norm.weight[o] / Math.sqrt(norm.variance[o] + EPSILON);
    bias[o] = norm.bias[o] - norm.mean[o] * factor;
    for (let i = o * each; i < (o + 1) * each; i++) weight[i] *= factor;
  }
  return { weight, bias };
}
