// First stage of the focal loss: pieces[r, k] = sum over the pixels k, k + chunks, k + 2 chunks, … of image r (LANES neighbours in
// place of each) of
// -w (1 - pt)^gamma ln pt with pt = hot0 p0 + hot1 p1 + smooth, hot the mask clamped to [smooth, 1 - smooth], and w = alpha for
// abnormal pixels, 1 - alpha for normal ones, 1 when alpha < 0. The wrapper sums the pieces.
// prob [rows, pixels, 2], bound as vec2; mask [batch, pixels], image r has mask r mod batch; pieces [rows, chunks].
// Caller: src/kernels/focal.ts.
// Loops: pixels / chunks / LANES + 1 + steps where pixels / chunks / LANES <= 64, steps <= 16

struct Params {
  rows: u32,
  batch: u32,
  pixels: u32,
  chunks: u32,
  gamma: f32,
  smooth_by: f32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prob: array<vec2f>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> pieces: array<f32>;

const WORKGROUP: u32 = 64u;
// 2^LANE_BITS invocations share a piece: one on software adapters, neighbours that read side by side on a GPU.
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

// base^gamma for base >= 0; pow() would cost digits where gamma is the usual 2.
fn power(base: f32, gamma: f32) -> f32 {
  if (gamma == 2.0) {
    return base * base;
  }
  if (gamma == 0.0) {
    return 1.0;
  }
  return select(0.0, exp2(gamma * log2(max(base, 1e-30))), base > 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (id.y * (groups.x * WORKGROUP) + id.x) >> LANE_BITS;
  let lane = local & (LANES - 1u);
  let inside = i < params.rows * params.chunks;
  // What is beyond the end goes along to the barriers.
  let pixels = select(0u, params.pixels, inside);
  let row = i / params.chunks;
  let image = row % params.batch;
  var total = 0.0;
  for (var k = (i % params.chunks) * LANES + lane; k < pixels; k += params.chunks * LANES) {
    let m = mask[image * params.pixels + k];
    let hot = clamp(vec2f(1.0 - m, m), vec2f(params.smooth_by), vec2f(1.0 - params.smooth_by));
    let p = prob[row * params.pixels + k];
    let pt = hot.x * p.x + hot.y * p.y + params.smooth_by;
    let w = select(select(1.0 - params.alpha, params.alpha, m > 0.5), 1.0, params.alpha < 0.0);
    total -= w * power(max(1.0 - pt, 0.0), params.gamma) * log(pt);
  }
  let sum = row_total(total, local);
  if (inside && lane == 0u) {
    pieces[i] = sum;
  }
}
