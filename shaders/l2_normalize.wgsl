// y = x / max(|x|, eps) for each row; inverse_norm = 1 / max(|x|, eps) is kept for the backward.
// x, y [rows, width]; inverse_norm [rows]. One invocation owns one row. Caller: src/kernels/l2_normalize.ts.
// Loops: 2 * width where width <= 16384

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> inverse_norm: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let width = params.width;
  let base = row * width;
  var squares = 0.0;
  for (var i = 0u; i < width; i++) {
    let v = x[base + i];
    squares += v * v;
  }
  let norm = sqrt(squares);
  let inverse = 1.0 / max(norm, params.eps);
  for (var i = 0u; i < width; i++) {
    y[base + i] = x[base + i] * inverse;
  }
  inverse_norm[row] = inverse;
}
