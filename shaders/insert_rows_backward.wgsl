// drows[s, r] = grad[s, r < at[s] ? r : r + inserted]: the rows of the gradient that were not inserted (see insert_rows.wgsl).
// grad [sentences, length + inserted, width]; at [sentences]; drows [sentences, length, width] of size elements.
// Caller: src/kernels/insert_rows.ts.
// Loops: none

struct Params {
  size: u32,
  length: u32,
  inserted: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> at: array<u32>;
@group(0) @binding(3) var<storage, read_write> drows: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let column = i % params.width;
  let line = i / params.width;
  let r = line % params.length;
  let s = line / params.length;
  let source = select(r + params.inserted, r, r < at[s]);
  drows[i] = grad[(s * (params.length + params.inserted) + source) * params.width + column];
}
