// dx of layer norm as layer_norm_backward.wgsl, with four elements at a time; shapes as there, width a multiple of 4.
// Twice as fast at 580 x 1024 on lavapipe (bench/kernels/layer_norm.bench.ts). Caller: src/kernels/layer_norm.ts.
// Loops: 2 * (width / 4 / LANES + 1) + steps where width <= 16384, steps <= 16

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> weight: array<vec4f>;
@group(0) @binding(4) var<storage, read> mean: array<vec2f>;
@group(0) @binding(5) var<storage, read> rstd: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a row: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;
// 1: added to what dx holds.
const ADD: u32 = 0u;

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
  let m = mean[row];
  let r = rstd[row];
  var plain = vec4f();
  var along = vec4f();
  for (var i = lane; i < width; i += LANES) {
    let g = grad[base + i] * weight[i];
    plain += g;
    along += g * ((x[base + i] - m.x) - m.y);
  }
  let own = vec2f((plain.x + plain.y) + (plain.z + plain.w), (along.x + along.y) + (along.z + along.w));
  let means = row_total(own, local) / f32(4u * width);
  let a = means.x;
  let b = means.y * r * r;
  if (at >= params.rows) {
    return;
  }
  for (var i = lane; i < width; i += LANES) {
    var value = r * (grad[base + i] * weight[i] - a - ((x[base + i] - m.x) - m.y) * b);
    if (ADD == 1u) {
      value += dx[base + i];
    }
    dx[base + i] = value;
  }
}
