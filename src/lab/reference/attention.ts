/** Shape of an attention. */
export interface AttentionShape {
  readonly batch: number;
  readonly length: number;
  readonly heads: number;
  /** Width of one head. */
  readonly width: number;
  readonly causal: boolean;
}

/** float64 reference of softmax(q kᵀ / √d) v: [B, L, 3W] → [B, L, W] and log Σ exp [B, heads, L]. */
export function attentionReference(qkv: ArrayLike<number>, shape: AttentionShape) {
  const { batch, length, heads, width } = shape;
  const total = heads * width;
  const out = new Float64Array(batch * length * total);
  const logSumExp = new Float64Array(batch * heads * length);
  each(shape, (b, h, i) => {
    const { p, logSum } = weights(qkv, shape, b, h, i);
    logSumExp[(b * heads + h) * length + i] = logSum;
    for (let j = 0; j < length; j++) {
      for (let d = 0; d < width; d++) {
        out[(b * length + i) * total + h * width + d] +=
          p[j] * qkv[(b * length + j) * 3 * total + 2 * total + h * width + d];
      }
    }
  });
  return { out, logSumExp };
}

/** Gradient by qkv, [B, L, 3W], given the gradient [B, L, W] of the result. */
export function attentionGradientReference(
  grad: ArrayLike<number>,
  qkv: ArrayLike<number>,
  shape: AttentionShape,
): Float64Array {
  const { length, heads, width } = shape;
  const total = heads * width;
  const out = new Float64Array(qkv.length);
  const scale = 1 / Math.sqrt(width);
  each(shape, (b, h, i) => {
    const { p } = weights(qkv, shape, b, h, i);
    const at = (j: number, part: number, d: number) => (b * length + j) * 3 * total + part * total + h * width + d;
    const g = (d: number) => grad[(b * length + i) * total + h * width + d];
    const dp = new Float64Array(length);
    let mean = 0;
    for (let j = 0; j < length; j++) {
      for (let d = 0; d < width; d++) {
        dp[j] += g(d) * qkv[at(j, 2, d)];
        out[at(j, 2, d)] += p[j] * g(d);
      }
      mean += p[j] * dp[j];
    }
    for (let j = 0; j < length; j++) {
      const ds = p[j] * (dp[j] - mean) * scale;
      for (let d = 0; d < width; d++) {
        out[at(i, 0, d)] += ds * qkv[at(j, 1, d)];
        out[at(j, 1, d)] += ds * qkv[at(i, 0, d)];
      }
    }
  });
  return out;
}

function each({ batch, length, heads }: AttentionShape, body: (b: number, h: number, i: number) => void): void {
  for (let b = 0; b < batch; b++) for (let h = 0; h < heads; h++) for (let i = 0; i < length; i++) body(b, h, i);
}

/** Softmax of one query over the keys it sees. */
function weights(qkv: ArrayLike<number>, shape: AttentionShape, b: number, h: number, i: number) {
  const { length, heads, width, causal } = shape;
  const total = heads * width;
  const keys = causal ? i + 1 : length;
  const scores = Array.from({ length: keys }, (_, j) => {
    let sum = 0;
    for (let d = 0; d < width; d++) {
      const q = qkv[(b * length + i) * 3 * total + h * width + d];
      sum += q * qkv[(b * length + j) * 3 * total + total + h * width + d];
    }
    return sum / Math.sqrt(width);
  });
  const top = Math.max(...scores);
  const sum = scores.reduce((s, x) => s + Math.exp(x - top), 0);
  const p = new Float64Array(length);
  scores.forEach((x, j) => {
    p[j] = Math.exp(x - top) / sum;
  });
  return { p, logSum: top + Math.log(sum) };
}
