// Gradient of the InfoNCE loss by each cosine, and what each adds to that of log_scale, s = exp(log_scale):
// d_cosine[i, j] = grad s (weights[i] exp(s c - L[i]) + weights[rows + j] exp(s c - L[rows + j]) - wanted[i, j]),
// L = log_sum_exp; d_scale[i, j] = c d_cosine[i, j], since s c changes by itself when log_scale changes by one.
// grad, log_scale [1]; cosine, wanted, d_cosine, d_scale [rows, columns]; weights, log_sum_exp [rows + columns].
// Caller: src/kernels/info_nce.ts.
// Loops: none

struct Params {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> cosine: array<f32>;
@group(0) @binding(3) var<storage, read> log_scale: array<f32>;
@group(0) @binding(4) var<storage, read> wanted: array<f32>;
@group(0) @binding(5) var<storage, read> weights: array<f32>;
@group(0) @binding(6) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(7) var<storage, read_write> d_cosine: array<f32>;
@group(0) @binding(8) var<storage, read_write> d_scale: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * (groups.x * WORKGROUP) + id.x;
  let rows = params.rows;
  let columns = params.columns;
  if (at >= rows * columns) {
    return;
  }
  let scale = exp(log_scale[0]);
  let c = cosine[at];
  let row = at / columns;
  let column = rows + at % columns;
  let found = weights[row] * exp(scale * c - log_sum_exp[row]) + weights[column] * exp(scale * c - log_sum_exp[column]);
  let d = grad[0] * scale * (found - wanted[at]);
  d_cosine[at] = d;
  d_scale[at] = d * c;
}
