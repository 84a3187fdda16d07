// out = act(alpha * op(a) op(b) + bias) + residual (+ out): the reference, one invocation per element of the result.
// op(a) [batches, m, k] is stored as rows of a_stride, transposed when TRANSPOSE_A is 1; op(b) [batches, k, n] likewise.
// The sum runs over one slice of k; with several slices out is [slices, batches, m, n] and matmul_finish.wgsl adds them.
// Caller: src/kernels/matmul_launch.ts.
// Loops: slice where slice <= 32768

struct Params {
  m: u32,
  n: u32,
  k: u32,
  batches: u32,
  a_start: u32,
  a_stride: u32,
  a_batch: u32,
  b_start: u32,
  b_stride: u32,
  b_batch: u32,
  out_start: u32,
  out_stride: u32,
  slice: u32,
  bias_rows: u32,
  // bits 0-1 activation (1 relu, 2 gelu, 3 quickgelu), 4 bias, 8 residual, 16 add to out; 5-6 the kind of which the slope at the
  // residual is a factor, in place of the sum
  epilogue: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const WORKGROUP: u32 = 64u;
const TRANSPOSE_A: u32 = 0u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;

// <paste normal_cdf f32>
// Phi(a) = (1 + erf(a / sqrt 2)) / 2; WGSL has no erf. -ln(2 Phi(-|a|)) / |a| is smooth and is replaced by a polynomial,
// a weighted minimax fit on [0, 6]: its error is 1.6e-8 of Phi, the whole about 5e-8, and Phi(-a) keeps its small values.
fn normal_cdf(a: f32) -> f32 {
  let t = abs(a);
  var q = t * 1.96499604e-6 - 2.72944362e-5;
  q = q * t + 1.29050139e-4;
  q = q * t + 9.49169917e-5;
  q = q * t - 4.89598932e-3;
  q = q * t + 3.63875777e-2;
  q = q * t + 0.318298876;
  q = q * t + 0.797885299;
  let tail = 0.5 * exp(-min(q * t, f32(80.0)));
  return select(tail, 1.0 - tail, a >= f32(0.0));
}
// </paste>

// <paste activate f32>
// The activation of an epilogue; exp stays finite.
fn activate(x: f32) -> f32 {
  switch (params.epilogue & 3u) {
    case 1u: { return max(x, f32(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, f32(80.0)))); }
    default: { return x; }
  }
}
// </paste>

// <paste value_of_b>
// Number i of b.
fn value_of_b(i: u32) -> f32 {
  if (B_FORMAT == 0u) {
    return bitcast<f32>(b[i]);
  }
  let word = b[i / 2u];
  let odd = (i & 1u) == 1u;
  if (B_FORMAT == 1u) {
    let pair = unpack2x16float(word);
    return select(pair.x, pair.y, odd);
  }
  return bitcast<f32>(select(word << 16u, word & 0xffff0000u, odd));
}
// </paste>

// <paste joined f32>
// A residual is added, or the value is multiplied by the slope of an activation there, as in activation_backward.wgsl.
fn joined(value: f32, residual: f32) -> f32 {
  switch ((params.epilogue >> 5u) & 3u) {
    case 1u: { return select(f32(0.0), value, residual > f32(0.0)); }
    case 2u: {
      let density = 0.398942280 * exp(-min(0.5 * residual * residual, f32(80.0)));
      return value * (normal_cdf(residual) + residual * density);
    }
    case 3u: {
      let s = 1.0 / (1.0 + exp(min(-1.702 * residual, f32(80.0))));
      return value * (s * (1.0 + 1.702 * residual * (1.0 - s)));
    }
    default: { return value + residual; }
  }
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = id.y * (groups.x * WORKGROUP) + id.x;
  if (element >= params.m * params.n) {
    return;
  }
  let row = element / params.n;
  let column = element % params.n;
  let batch = id.z % params.batches;
  let a_base = params.a_start + batch * params.a_batch;
  let b_base = params.b_start + batch * params.b_batch;
  let first = (id.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  var sum = 0.0;
  for (var i = first; i < last; i++) {
    let x = a[a_base + select(row * params.a_stride + i, i * params.a_stride + row, TRANSPOSE_A == 1u)];
    let y = value_of_b(b_base + select(i * params.b_stride + column, column * params.b_stride + i, TRANSPOSE_B == 1u));
    sum += x * y;
  }
  let out_row = id.z * params.m + row;
  let at = out_row * params.out_stride + params.out_start + column;
  var value = params.alpha * sum;
  if ((params.epilogue & 4u) != 0u) {
    value += bias[(out_row / params.bias_rows) * params.n + column];
  }
  value = activate(value);
  if ((params.epilogue & 8u) != 0u) {
    value = joined(value, residual[at]);
  }
  if ((params.epilogue & 16u) != 0u) {
    value += out[at];
  }
  out[at] = value;
}
