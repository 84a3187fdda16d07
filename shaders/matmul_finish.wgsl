// out = act(sum over slices of parts + bias) + residual (+ out): the second pass of a matmul whose k was cut into slices,
// in the fixed order of the slices. parts [slices, rows, n] already holds alpha * op(a) op(b).
// One invocation per element. Caller: src/kernels/matmul.ts.
// Loops: slices where slices <= 32768

struct Params {
  rows: u32,
  n: u32,
  slices: u32,
  out_start: u32,
  out_stride: u32,
  bias_rows: u32,
  epilogue: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> parts: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

const WORKGROUP: u32 = 64u;

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
  let size = params.rows * params.n;
  if (element >= size) {
    return;
  }
  let out_row = element / params.n;
  let column = element % params.n;
  let at = out_row * params.out_stride + params.out_start + column;
  var value = 0.0;
  for (var i = 0u; i < params.slices; i++) {
    value += parts[i * size + element];
  }
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
