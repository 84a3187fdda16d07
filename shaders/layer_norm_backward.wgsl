// dx = rstd * (g - mean(g) - n * mean(g * n)) with g = grad * weight and n = (x - mean) * rstd, means over the row.
// grad, x, dx [rows, width]; weight [width]; mean (of two numbers), rstd [rows] of the forward. Caller: src/kernels/layer_norm.ts.
// Loops: 2 * width where width <= 16384

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> mean: array<vec2f>;
@group(0) @binding(5) var<storage, read> rstd: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let width = params.width;
  let base = row * width;
  let m = mean[row];
  let r = rstd[row];
  var plain = 0.0;
  var along = 0.0;
  for (var i = 0u; i < width; i++) {
    let g = grad[base + i] * weight[i];
    plain += g;
    along += g * ((x[base + i] - m.x) - m.y);
  }
  let a = plain / f32(width);
  let b = along * r * r / f32(width);
  for (var i = 0u; i < width; i++) {
    dx[base + i] = r * (grad[base + i] * weight[i] - a - ((x[base + i] - m.x) - m.y) * b);
  }
}
