// y[r] = table[ids[r]]. table [entries, width]; ids [rows]; y [rows, width] of size elements; the wrapper checks the ids.
// Caller: src/kernels/gather_rows.ts.
// Loops: none

struct Params {
  size: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> ids: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    y[i] = table[ids[i / params.width] * params.width + i % params.width];
  }
}
