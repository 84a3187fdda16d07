// Backward of softmax_pair: with d = y0 y1 (grad1 - grad0), dx = (-d, d). grad, y, dx [rows, 2], two rows to a vec4.
// 7 times as fast as softmax_backward.wgsl at this width on lavapipe (bench/kernels/softmax.bench.ts).
// Caller: src/kernels/softmax.ts.
// Loops: none

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> y: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= (params.rows + 1u) >> 1u) {
    return;
  }
  let p = y[i];
  let g = grad[i];
  let d = p.xz * p.yw * (g.yw - g.xz);
  dx[i] = vec4f(-d.x, d.x, -d.y, d.y);
}
