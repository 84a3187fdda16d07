// y[r, c] = x[r, c] * w[r]. x, y [rows, width] of size elements, bound as vec4; w [rows].
// Caller: src/kernels/elementwise.ts.
// Loops: none

struct Params {
  size: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> w: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (4u * i >= params.size) {
    return;
  }
  // The last vec4 may reach beyond the last row; any factor will do there.
  let row = min(4u * i + vec4u(0u, 1u, 2u, 3u), vec4u(params.size - 1u)) / params.width;
  y[i] = x[i] * vec4f(w[row.x], w[row.y], w[row.z], w[row.w]);
}
