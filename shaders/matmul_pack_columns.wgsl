// A copy of op(a) that lies k by k, for matmul_subgroups.wgsl:
// y[batch, k, m] = x[x_start + batch * x_batch + m * x_row + k * x_column].
// y [batches, 4 quads, y_stride]; zeros for k beyond width and for m beyond rows. One invocation per m and four k.
// Caller: src/kernels/matmul.ts.
// Loops: none

struct Params {
  batches: u32,
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

const WORKGROUP: u32 = 8u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.y * (groups.x * WORKGROUP) + id.x;
  let m = index % params.y_stride;
  let quad = (index / params.y_stride) % params.quads;
  let batch = index / (params.y_stride * params.quads);
  if (batch >= params.batches) {
    return;
  }
  let k = 4u * quad;
  let origin = params.x_start + batch * params.x_batch + m * params.x_row + k * params.x_column;
  let place = (batch * 4u * params.quads + k) * params.y_stride + m;
  let inside = vec4<bool>(m < params.rows) & (vec4u(k, k + 1u, k + 2u, k + 3u) < vec4u(params.width));
  y[place] = select(0.0, x[origin], inside.x);
  y[place + params.y_stride] = select(0.0, x[origin + params.x_column], inside.y);
  y[place + 2u * params.y_stride] = select(0.0, x[origin + 2u * params.x_column], inside.z);
  y[place + 3u * params.y_stride] = select(0.0, x[origin + 3u * params.x_column], inside.w);
}
