// dx = (grad - y (grad . y)) * inverse_norm for each row; where the norm was below eps the divisor was a constant:
// dx = grad * inverse_norm. grad, y, dx [rows, width]; inverse_norm [rows] of l2_normalize.wgsl.
// Caller: src/kernels/l2_normalize.ts.
// Loops: 2 * width where width <= 16384

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read> inverse_norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let width = params.width;
  let base = row * width;
  let inverse = inverse_norm[row];
  var products = 0.0;
  for (var i = 0u; i < width; i++) {
    products += grad[base + i] * y[base + i];
  }
  var along = products;
  // A hair below 1 / eps, since the forward rounded its quotient.
  if (inverse >= 0.999999 / params.eps) {
    along = 0.0;
  }
  for (var i = 0u; i < width; i++) {
    dx[base + i] = (grad[base + i] - y[base + i] * along) * inverse;
  }
}
