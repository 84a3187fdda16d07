// gather_rows.wgsl with four elements at a time, so a quarter of its divisions, which are dear on lavapipe; shapes as there, width and size
// in fours. Caller: src/kernels/gather_rows.ts.
// Loops: none

struct Params {
  size: u32,
  width: u32,
  entries: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> table: array<vec4f>;
@group(0) @binding(2) var<storage, read> more: array<vec4f>;
@group(0) @binding(3) var<storage, read> ids: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 64u;

// <paste gather vec4f>
// Element i of the result.
fn gather(i: u32) -> vec4f {
  let id = ids[i / params.width];
  let column = i % params.width;
  if (id < params.entries) {
    return table[id * params.width + column];
  }
  if (id == 0xffffffffu) {
    return vec4f();
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
