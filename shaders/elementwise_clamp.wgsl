// x = min(max(x, low), high) in place: a parameter that must stay in a range. x [size].
// Caller: src/kernels/elementwise.ts.
// Loops: none

struct Params {
  size: u32,
  low: f32,
  high: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    x[i] = min(max(x[i], params.low), params.high);
  }
}
