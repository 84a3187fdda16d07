// A transposed copy of a stored op(a), for matmul_subgroups.wgsl, whose lanes read four k of a row at once:
// y[batch, m, k] = x[x_start + batch * x_batch + k * x_stride + m].
// y [batches, rows, y_stride]; zeros for k beyond width. A workgroup takes four m, which lie side by side in x, and 128 k.
// Caller: src/kernels/matmul_operand.ts.
// Loops: 32

struct Params {
  rows: u32,
  width: u32,
  x_start: u32,
  x_stride: u32,
  x_batch: u32,
  y_stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 4u;
// Numbers along k that an invocation takes, a multiple of 4.
const SPAN: u32 = 128u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = group.x * WORKGROUP + lane;
  if (m >= params.rows) {
    return;
  }
  let from_x = params.x_start + group.z * params.x_batch + m;
  let to_y = (group.z * params.rows + m) * params.y_stride;
  let last = min((group.y + 1u) * SPAN, params.y_stride);
  for (var k = group.y * SPAN; k < last; k += 4u) {
    let lines = k + vec4u(0u, 1u, 2u, 3u);
    let at = from_x + min(lines, vec4u(params.width - 1u)) * params.x_stride;
    let values = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
    y[(to_y + k) / 4u] = select(vec4f(), values, lines < vec4u(params.width));
  }
}
