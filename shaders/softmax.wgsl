// y = exp(x - max) / sum of exp(x - max) over the last axis. x, y [rows, width]; width 2 goes to softmax_pair.
// Four elements at a time: shorter sums, and a quarter of the iterations. Caller: src/kernels/softmax.ts.
// Loops: 3 * (width / 4 / LANES + 3) + 2 * steps where width <= 80000, steps <= 16

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a row: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;

var<workgroup> parts: array<f32, WORKGROUP>;

// <paste row_most>
// The largest of what the invocations that share a row hold, for each of them, as row_total adds them.
fn row_most(own: f32, local: u32) -> f32 {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local] = own;
  workgroupBarrier();
  let eight = min(LANES, 8u);
  let first = local & ~(eight - 1u);
  var some = parts[first];
  for (var i = 1u; i < eight; i++) {
    some = max(some, parts[first + i]);
  }
  workgroupBarrier();
  parts[local] = some;
  workgroupBarrier();
  let row = local & ~(LANES - 1u);
  var most = parts[row];
  for (var i = 8u; i < LANES; i += 8u) {
    most = max(most, parts[row + i]);
  }
  workgroupBarrier();
  return most;
}
// </paste>

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

fn four(i: u32) -> vec4f {
  return vec4f(x[i], x[i + LANES], x[i + 2u * LANES], x[i + 3u * LANES]);
}

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
  var most = vec4f(x[base]);
  for (var i = base + lane; i < even; i += 4u * LANES) {
    most = max(most, four(i));
  }
  for (var i = even + lane; i < end; i += LANES) {
    most.x = max(most.x, x[i]);
  }
  let top = row_most(max(max(most.x, most.y), max(most.z, most.w)), local);
  var sums = vec4f();
  for (var i = base + lane; i < even; i += 4u * LANES) {
    let e = exp(four(i) - top);
    sums += e;
    y[i] = e.x;
    y[i + LANES] = e.y;
    y[i + 2u * LANES] = e.z;
    y[i + 3u * LANES] = e.w;
  }
  for (var i = even + lane; i < end; i += LANES) {
    let e = exp(x[i] - top);
    sums.x += e;
    y[i] = e;
  }
  let factor = 1.0 / row_total((sums.x + sums.y) + (sums.z + sums.w), local);
  for (var i = base + lane; i < even; i += 4u * LANES) {
    y[i] *= factor;
    y[i + LANES] *= factor;
    y[i + 2u * LANES] *= factor;
    y[i + 3u * LANES] *= factor;
  }
  for (var i = even + lane; i < end; i += LANES) {
    y[i] *= factor;
  }
}
