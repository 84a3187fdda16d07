// best[r] = min over the columns m of 1 - dots[r, m] * query_norm[r] * bank_norm[m], or of that and what best[r] holds unless
// `first` is 1: one piece of the bank. dots [rows, count] are the products of raw rows, the norms are reciprocal.
// best, query_norm [rows]; bank_norm [start + count]. Caller: src/kernels/bank_distance.ts.
// Loops: count / LANES + 1 + steps where count <= 16384, steps <= 16

struct Params {
  rows: u32,
  count: u32,
  start: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dots: array<f32>;
@group(0) @binding(2) var<storage, read> query_norm: array<f32>;
@group(0) @binding(3) var<storage, read> bank_norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> best: array<f32>;

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
  let scale = query_norm[row];
  var most = -4.0;
  for (var i = lane; i < params.count; i += LANES) {
    most = max(most, dots[row * params.count + i] * scale * bank_norm[params.start + i]);
  }
  let distance = 1.0 - row_most(most, local);
  if (at < params.rows && lane == 0u) {
    best[row] = select(min(best[row], distance), distance, params.first == 1u);
  }
}
