// loss[g] = 1 - mean over the batch of (2 I + s) / (P + T + s). sums [count * batch, 3] = (I, P, T) of each image; loss [count].
// Caller: src/kernels/dice.ts.
// Loops: batch / LANES + 1 + steps where batch <= 60000, steps <= 16

struct Params {
  count: u32,
  batch: u32,
  smooth_by: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a group: one on software adapters, neighbours that read side by side on a GPU.
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
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = id.x >> LANE_BITS;
  let lane = local & (LANES - 1u);
  // What is beyond the end goes along to the barriers.
  let batch = select(0u, params.batch, g < params.count);
  // The mean of 1 - ratio, not 1 - the mean: near a perfect match that keeps the digits.
  let s = params.smooth_by;
  var total = 0.0;
  for (var b = lane; b < batch; b += LANES) {
    let at = 3u * (g * params.batch + b);
    let both = sums[at + 1u] + sums[at + 2u];
    total += (both - 2.0 * sums[at]) / (both + s);
  }
  let all = row_total(total, local);
  if (g < params.count && lane == 0u) {
    loss[g] = all / f32(params.batch);
  }
}
