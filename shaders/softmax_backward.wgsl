// dx = y * (grad - sum of grad * y over the row). grad, y, dx [rows, width]; width 2 goes to softmax_pair_backward.
// One invocation owns one row. Caller: src/kernels/softmax.ts.
// Loops: 2 * (width / 4 + 3) where width <= 80000

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  let end = base + params.width;
  let even = base + (params.width & ~3u);
  var sums = vec4f();
  for (var i = base; i < even; i += 4u) {
    sums += vec4f(grad[i], grad[i + 1u], grad[i + 2u], grad[i + 3u]) * vec4f(y[i], y[i + 1u], y[i + 2u], y[i + 3u]);
  }
  for (var i = even; i < end; i++) {
    sums.x += grad[i] * y[i];
  }
  let along = (sums.x + sums.y) + (sums.z + sums.w);
  for (var i = base; i < even; i += 4u) {
    dx[i] = y[i] * (grad[i] - along);
    dx[i + 1u] = y[i + 1u] * (grad[i + 1u] - along);
    dx[i + 2u] = y[i + 2u] * (grad[i + 2u] - along);
    dx[i + 3u] = y[i + 3u] * (grad[i + 3u] - along);
  }
  for (var i = even; i < end; i++) {
    dx[i] = y[i] * (grad[i] - along);
  }
}
