// A copy of op(a) that lies k by k, for matmul_subgroups.wgsl:
// y[batch, k, m] = x[x_start + batch * x_batch + m * x_row + k * x_column].
// y [batches, 4 quads, y_stride]; zeros for k beyond width. A workgroup takes four m and 32 times four k: neighbours write
// neighbouring words. Caller: src/kernels/matmul.ts.
// Loops: 32

struct Params {
  rows: u32,
  width: u32,
  x_start: u32,
  x_row: u32,
  x_column: u32,
  x_batch: u32,
  quads: u32,
  y_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 4u;
// Quads of k that an invocation takes.
const SPAN: u32 = 32u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = group.x * WORKGROUP + lane;
  let origin = params.x_start + group.z * params.x_batch + min(m, params.rows - 1u) * params.x_row;
  let place = group.z * 4u * params.quads * params.y_stride + m;
  let last = min((group.y + 1u) * SPAN, params.quads);
  for (var quad = group.y * SPAN; quad < last; quad++) {
    let k = 4u * quad + vec4u(0u, 1u, 2u, 3u);
    let from_x = origin + k * params.x_column;
    let to_y = place + k * params.y_stride;
    y[to_y.x] = x[from_x.x];
    y[to_y.y] = select(0.0, x[from_x.y], k.y < params.width);
    y[to_y.z] = select(0.0, x[from_x.z], k.z < params.width);
    y[to_y.w] = select(0.0, x[from_x.w], k.w < params.width);
  }
}
