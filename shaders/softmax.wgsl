// y = exp(x - max) / sum of exp(x - max) over the last axis. x, y [rows, width]; width 2 goes to softmax_pair.
// One invocation owns one row and takes four elements at a time: shorter sums, and a quarter of the iterations.
// Caller: src/kernels/softmax.ts.
// Loops: 3 * (width / 4 + 3) where width <= 80000

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 16u;

fn four(at: u32) -> vec4f {
  return vec4f(x[at], x[at + 1u], x[at + 2u], x[at + 3u]);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  let end = base + params.width;
  let even = base + (params.width & ~3u);
  var most = vec4f(x[base]);
  for (var i = base; i < even; i += 4u) {
    most = max(most, four(i));
  }
  for (var i = even; i < end; i++) {
    most.x = max(most.x, x[i]);
  }
  let top = max(max(most.x, most.y), max(most.z, most.w));
  var sums = vec4f();
  for (var i = base; i < even; i += 4u) {
    let e = exp(four(i) - top);
    sums += e;
    y[i] = e.x;
    y[i + 1u] = e.y;
    y[i + 2u] = e.z;
    y[i + 3u] = e.w;
  }
  for (var i = even; i < end; i++) {
    let e = exp(x[i] - top);
    sums.x += e;
    y[i] = e;
  }
  let factor = 1.0 / ((sums.x + sums.y) + (sums.z + sums.w));
  for (var i = base; i < even; i += 4u) {
    y[i] *= factor;
    y[i + 1u] *= factor;
    y[i + 2u] *= factor;
    y[i + 3u] *= factor;
  }
  for (var i = even; i < end; i++) {
    y[i] *= factor;
  }
}
