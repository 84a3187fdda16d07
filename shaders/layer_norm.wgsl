// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axis, variance biased (divided by width).
// x, y [rows, width]; weight, bias [width]; mean, rstd [rows] are kept for the backward. The mean is the sum of two numbers,
// the plain one and what that falls short by: of a row like 1000.1, 1000.1, … the plain one errs by more than eps allows.
// One invocation owns one row: no barrier, so it also suits software adapters. Caller: src/kernels/layer_norm.ts.
// Loops: 3 * width where width <= 16384

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let width = params.width;
  let base = row * width;
  var sum = 0.0;
  for (var i = 0u; i < width; i++) {
    sum += x[base + i];
  }
  let m = sum / f32(width);
  var drift = 0.0;
  var squares = 0.0;
  for (var i = 0u; i < width; i++) {
    let d = x[base + i] - m;
    drift += d;
    squares += d * d;
  }
  let c = drift / f32(width);
  let r = 1.0 / sqrt(max(squares / f32(width) - c * c, 0.0) + params.eps);
  for (var i = 0u; i < width; i++) {
    y[base + i] = ((x[base + i] - m) - c) * r * weight[i] + bias[i];
  }
  mean[row] = vec2f(m, c);
  rstd[row] = r;
}
