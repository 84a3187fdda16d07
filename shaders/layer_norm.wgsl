// y = (x - mean) / sqrt(variance + eps) * weight + bias over the last axis, variance biased (divided by width).
// x, y [rows, width]; weight, bias [width]; mean, rstd [rows] are kept for the backward. The mean is the sum of two numbers,
// the plain one and what that falls short by: of a row like 1000.1, 1000.1, … the plain one errs by more than eps allows.
// Caller: src/kernels/layer_norm.ts.
// Loops: 3 * (width / LANES + 1) + 2 * steps where width <= 16384, steps <= 16

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> mean: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a row: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;

var<workgroup> parts: array<vec2f, WORKGROUP>;

// <paste row_total vec2f>
// Sum of what the invocations that share a row hold, for each of them: of eight neighbours first, then of their sums.
fn row_total(own: vec2f, local: u32) -> vec2f {
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
  let width = params.width;
  let base = row * width;
  var sum = 0.0;
  for (var i = lane; i < width; i += LANES) {
    sum += x[base + i];
  }
  let m = row_total(vec2f(sum, 0.0), local).x / f32(width);
  var drift = 0.0;
  var squares = 0.0;
  for (var i = lane; i < width; i += LANES) {
    let d = x[base + i] - m;
    drift += d;
    squares += d * d;
  }
  let totals = row_total(vec2f(drift, squares), local) / f32(width);
  let c = totals.x;
  let r = 1.0 / sqrt(max(totals.y - c * c, 0.0) + params.eps);
  if (at >= params.rows) {
    return;
  }
  for (var i = lane; i < width; i += LANES) {
    y[base + i] = ((x[base + i] - m) - c) * r * weight[i] + bias[i];
  }
  if (lane == 0u) {
    mean[row] = vec2f(m, c);
    rstd[row] = r;
  }
}
