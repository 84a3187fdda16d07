// y[r] = table[ids[r]], from `entries` on more[ids[r] - entries], and zeros where ids[r] is 0xffffffff. table [entries, width];
// more [n, width]; ids [rows]; y [rows, width] of size elements; the wrapper checks the ids. Caller: src/kernels/gather_rows.ts.
// Loops: none

struct Params {
  size: u32,
  width: u32,
  entries: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<f32>;
@group(0) @binding(2) var<storage, read> more: array<f32>;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

// <paste gather f32>
// Element i of the result.
fn gather(i: u32) -> f32 {
  let id = ids[i / params.width];
  let column = i % params.width;
  if (id < params.entries) {
    return table[id * params.width + column];
  }
  if (id == 0xffffffffu) {
    return f32();
  }
  return more[(id - params.entries) * params.width + column];
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    y[i] = gather(i);
  }
}
