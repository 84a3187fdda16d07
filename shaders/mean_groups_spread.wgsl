// dx[g, r] = factor * grad[g] for every r: the backward of a mean over rows with factor = 1 / rows.
// grad [groups, width]; dx [groups, rows, width] of size elements. Caller: src/kernels/mean_groups.ts.
// Loops: none

struct Params {
  size: u32,
  rows: u32,
  width: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    let group = i / (params.width * params.rows);
    dx[i] = params.factor * grad[group * params.width + i % params.width];
  }
}
