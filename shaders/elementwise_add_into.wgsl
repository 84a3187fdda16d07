// total += alpha * x in place. x, total [size], bound as vec4.
// Caller: src/kernels/elementwise.ts.
// Loops: none

struct Params {
  size: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> total: array<vec4f>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (4u * i >= params.size) {
    return;
  }
  // total may be a view: what follows it in the last vec4 belongs to someone else and keeps its value.
  let inside = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(params.size);
  let old = total[i];
  total[i] = select(old, old + params.alpha * x[i], inside);
}
