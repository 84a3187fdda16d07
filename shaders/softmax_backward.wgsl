// dx = y * (grad - sum of grad * y over the row). grad, y, dx [rows, width]; width 2 goes to softmax_pair_backward.
// Caller: src/kernels/softmax.ts.
// Loops: 2 * (width / 4 / LANES + 3) + steps where width <= 80000, steps <= 16

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a row: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;

var<workgroup> parts: array<f32, WORKGROUP>;

// <paste row_total f32>
// Sum of what the invocations that share a row hold, for each of them: of eight neighbours first, then of their sums.
fn row_total(own: f32, local: u32) -> f32 {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local] = own;
  workgroupBarrier();
  let eight = min(LANES, 8u);
  let first = local & ~(eight - 1u);
  var some = parts[first];
  for (var i = 1u; i < eight; i++) {
    some += parts[first + i];
  }
  workgroupBarrier();
  parts[local] = some;
  workgroupBarrier();
  let row = local & ~(LANES - 1u);
  var total = parts[row];
  for (var i = 8u; i < LANES; i += 8u) {
    total += parts[row + i];
  }
  workgroupBarrier();
  return total;
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = (id.y * (groups.x * WORKGROUP) + id.x) >> LANE_BITS;
  let lane = local & (LANES - 1u);
  // What is beyond the end goes along to the barriers.
  let row = min(at, params.rows - 1u);
  let width = select(0u, params.width, at < params.rows);
  let base = row * params.width;
  let end = base + width;
  let even = base + (width & ~(4u * LANES - 1u));
  var sums = vec4f();
  for (var i = base + lane; i < even; i += 4u * LANES) {
    let g = vec4f(grad[i], grad[i + LANES], grad[i + 2u * LANES], grad[i + 3u * LANES]);
    sums += g * vec4f(y[i], y[i + LANES], y[i + 2u * LANES], y[i + 3u * LANES]);
  }
  for (var i = even + lane; i < end; i += LANES) {
    sums.x += grad[i] * y[i];
  }
  let along = row_total((sums.x + sums.y) + (sums.z + sums.w), local);
  for (var i = base + lane; i < even; i += 4u * LANES) {
    dx[i] = y[i] * (grad[i] - along);
    dx[i + LANES] = y[i + LANES] * (grad[i + LANES] - along);
    dx[i + 2u * LANES] = y[i + 2u * LANES] * (grad[i + 2u * LANES] - along);
    dx[i + 3u * LANES] = y[i + 3u * LANES] * (grad[i + 3u * LANES] - along);
  }
  for (var i = even + lane; i < end; i += LANES) {
    dx[i] = y[i] * (grad[i] - along);
  }
}
