// dx[r] = grad[g] / (rows of g) for the group g that holds row r (see mean_groups.wgsl); g is found by bisection.
// grad [count, width]; starts [count + 1], from 0 to rows; dx [rows, width] of size elements. Caller: src/kernels/mean_groups.ts.
// Loops: 32

struct Params {
  size: u32,
  width: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let row = i / params.width;
  var low = 0u;
  var high = params.count;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (starts[middle] <= row) {
      low = middle;
    } else {
      high = middle;
    }
  }
  dx[i] = grad[low * params.width + i % params.width] / f32(starts[low + 1u] - starts[low]);
}
