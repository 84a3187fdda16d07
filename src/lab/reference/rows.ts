/** Naive float64 references of the operations that act on rows; arrays are row-major. */

/** y = x / max(|x|, eps) for each row of `width`. */
export function l2Normalize(x: ArrayLike<number>, width: number, eps: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let base = 0; base < x.length; base += width) {
    let squares = 0;
    for (let i = 0; i < width; i++) squares += x[base + i] ** 2;
    const divisor = Math.max(Math.sqrt(squares), eps);
    for (let i = 0; i < width; i++) y[base + i] = x[base + i] / divisor;
  }
  return y;
}

/** (x − mean) / √(variance + eps) · weight + bias for each row. */
export function layerNorm(
  x: ArrayLike<number>,
  weight: ArrayLike<number>,
  bias: ArrayLike<number>,
  eps: number,
): Float64Array {
  const width = weight.length;
  const y = new Float64Array(x.length);
  for (let base = 0; base < x.length; base += width) {
    let mean = 0;
    for (let i = 0; i < width; i++) mean += x[base + i] / width;
    let variance = 0;
    for (let i = 0; i < width; i++) variance += (x[base + i] - mean) ** 2 / width;
    const rstd = 1 / Math.sqrt(variance + eps);
    for (let i = 0; i < width; i++) y[base + i] = (x[base + i] - mean) * rstd * weight[i] + bias[i];
  }
  return y;
}

/** exp(x − max) / Σ for each row. */
export function softmax(x: ArrayLike<number>, width: number): Float64Array {
  const y = new Float64Array(x.length);
  for (let base = 0; base < x.length; base += width) {
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < width; i++) most = Math.max(most, x[base + i]);
    let sum = 0;
    for (let i = 0; i < width; i++) sum += Math.exp(x[base + i] - most);
    for (let i = 0; i < width; i++) y[base + i] = Math.exp(x[base + i] - most) / sum;
  }
  return y;
}

/** y[g] = mean of rows starts[g] … starts[g+1]. */
export function meanGroups(x: ArrayLike<number>, starts: ArrayLike<number>, width: number): Float64Array {
  const y = new Float64Array((starts.length - 1) * width);
  for (let g = 0; g + 1 < starts.length; g++) {
    const count = starts[g + 1] - starts[g];
    for (let r = starts[g]; r < starts[g + 1]; r++) {
      for (let i = 0; i < width; i++) y[g * width + i] += x[r * width + i] / count;
    }
  }
  return y;
}

/** [cls; patches[b]] + positions. */
export function assembleTokens(
  patches: ArrayLike<number>,
  cls: ArrayLike<number>,
  positions: ArrayLike<number>,
): Float64Array {
  const width = cls.length;
  const block = positions.length;
  const batch = patches.length / (block - width);
  const y = new Float64Array(batch * block);
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < block; i++) {
      const token = i < width ? cls[i] : patches[b * (block - width) + i - width];
      y[b * block + i] = token + positions[i];
    }
  }
  return y;
}

/** Σ over the middle axis of [outer, rows, inner]. */
export function sumAxis(x: ArrayLike<number>, [outer, rows, inner]: readonly [number, number, number]): Float64Array {
  const y = new Float64Array(outer * inner);
  for (let i = 0; i < x.length; i++) y[Math.floor(i / (rows * inner)) * inner + (i % inner)] += x[i];
  return y;
}
