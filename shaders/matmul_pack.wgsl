// y = columns start … start + width - 1 of x, padded with zeros to rows of stride, a multiple of 4: what the vec4 rung of
// matmul need when a row of an operand does not start on 16 bytes. x [rows, x_stride]; y [rows, stride].
// One invocation per element of y. Caller: src/kernels/matmul.ts.
// Loops: none

struct Params {
  rows: u32,
  x_stride: u32,
  start: u32,
  width: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = id.y * (groups.x * WORKGROUP) + id.x;
  let row = element / params.stride;
  let column = element % params.stride;
  if (row >= params.rows) {
    return;
  }
  y[element] = select(0.0, x[row * params.x_stride + params.start + min(column, params.width - 1u)], column < params.width);
}
