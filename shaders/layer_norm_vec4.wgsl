// Layer norm as layer_norm.wgsl, with four elements at a time: half the time on software adapters, and shorter sums.
// x, y [rows, width], weight, bias [width], bound as vec4 (width a multiple of 4); mean [rows] as two
// numbers, rstd [rows]. Caller: src/kernels/layer_norm.ts.
// Loops: 3 * (width / 4 / LANES + 1) + 2 * steps where width <= 16384, steps <= 16

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
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
  let width = params.width >> 2u;
  let base = row * width;
  var sum = vec4f();
  for (var i = lane; i < width; i += LANES) {
    sum += x[base + i];
  }
  let m = row_total(vec2f((sum.x + sum.y) + (sum.z + sum.w), 0.0), local).x / f32(4u * width);
  var drift = vec4f();
  var squares = vec4f();
  for (var i = lane; i < width; i += LANES) {
    let d = x[base + i] - m;
    drift += d;
    squares += d * d;
  }
  let own = vec2f((drift.x + drift.y) + (drift.z + drift.w), (squares.x + squares.y) + (squares.z + squares.w));
  let totals = row_total(own, local) / f32(4u * width);
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
