/** A pre-norm transformer block in float64, written for clarity; weights are row-major [out, in]. */

/** Names of a block's tensors. */
export const blockNames = [
  'ln_1.weight',
  'ln_1.bias',
  'qkv.weight',
  'qkv.bias',
  'out.weight',
  'out.bias',
  'ln_2.weight',
  'ln_2.bias',
  'fc.weight',
  'fc.bias',
  'proj.weight',
  'proj.bias',
] as const;

/** A block's tensors. */
export type Block64 = Record<(typeof blockNames)[number], Float64Array>;

/** Shapes for width W. */
export function blockShapes(w: number): Record<(typeof blockNames)[number], number[]> {
  return {
    'ln_1.weight': [w],
    'ln_1.bias': [w],
    'qkv.weight': [3 * w, w],
    'qkv.bias': [3 * w],
    'out.weight': [w, w],
    'out.bias': [w],
    'ln_2.weight': [w],
    'ln_2.bias': [w],
    'fc.weight': [4 * w, w],
    'fc.bias': [4 * w],
    'proj.weight': [w, 4 * w],
    'proj.bias': [w],
  };
}

/** x Wᵀ + b over rows. */
export function linear(x: Float64Array, rows: number, weight: Float64Array, bias: Float64Array): Float64Array {
  const out = bias.length;
  const inner = x.length / rows;
  const y = new Float64Array(rows * out);
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < out; o++) {
      let sum = bias[o];
      for (let i = 0; i < inner; i++) sum += x[r * inner + i] * weight[o * inner + i];
      y[r * out + o] = sum;
    }
  }
  return y;
}

/** Layer norm over rows as wide as the weight. */
export function layerNorm(x: Float64Array, weight: Float64Array, bias: Float64Array): Float64Array {
  const w = weight.length;
  return x.map((_, k) => {
    const row = x.subarray(k - (k % w), k - (k % w) + w);
    const mean = row.reduce((a, b) => a + b, 0) / w;
    const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / w;
    return ((x[k] - mean) / Math.sqrt(variance + 1e-5)) * weight[k % w] + bias[k % w];
  });
}

/** erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (2n+1)!!: no term cancels another. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The activations of CLIP. */
export function act64(x: number, kind: 'gelu' | 'quickgelu'): number {
  return kind === 'gelu' ? 0.5 * x * (1 + erf(x / Math.SQRT2)) : x / (1 + Math.exp(-1.702 * x));
}

function attention(
  qkv: Float64Array,
  batch: number,
  length: number,
  width: number,
  heads: number,
  causal: boolean,
): Float64Array {
  const d = width / heads;
  const out = new Float64Array(batch * length * width);
  const at = (b: number, i: number, part: number, h: number, k: number) =>
    qkv[(b * length + i) * 3 * width + part * width + h * d + k];
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < length; i++) {
        const keys = causal ? i + 1 : length;
        const scores = Array.from({ length: keys }, (_, j) => {
          let dot = 0;
          for (let k = 0; k < d; k++) dot += at(b, i, 0, h, k) * at(b, j, 1, h, k);
          return dot / Math.sqrt(d);
        });
        const top = Math.max(...scores);
        const weights = scores.map((s) => Math.exp(s - top));
        const total = weights.reduce((a, v) => a + v, 0);
        for (let k = 0; k < d; k++) {
          let sum = 0;
          for (let j = 0; j < keys; j++) sum += (weights[j] / total) * at(b, j, 2, h, k);
          out[(b * length + i) * width + h * d + k] = sum;
        }
      }
    }
  }
  return out;
}

/** The block's output for x [batch, length, width]. */
export function block64(
  x: Float64Array,
  w: Block64,
  batch: number,
  length: number,
  width: number,
  { heads, act, causal }: { heads: number; act: 'gelu' | 'quickgelu'; causal: boolean },
): Float64Array {
  const rows = batch * length;
  const qkv = linear(layerNorm(x, w['ln_1.weight'], w['ln_1.bias']), rows, w['qkv.weight'], w['qkv.bias']);
  const mixed = linear(attention(qkv, batch, length, width, heads, causal), rows, w['out.weight'], w['out.bias']);
  const middle = x.map((v, i) => v + mixed[i]);
  const hidden = linear(layerNorm(middle, w['ln_2.weight'], w['ln_2.bias']), rows, w['fc.weight'], w['fc.bias']);
  const y = linear(
    hidden.map((v) => act64(v, act)),
    rows,
    w['proj.weight'],
    w['proj.bias'],
  );
  return middle.map((v, i) => v + y[i]);
}
