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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    let id = ids[i / params.width];
    let column = i % params.width;
    if (id < params.entries) {
      y[i] = table[id * params.width + column];
    } else if (id == 0xffffffffu) {
      y[i] = vec4f();
    } else {
      y[i] = more[(id - params.entries) * params.width + column];
    }
  }
}
