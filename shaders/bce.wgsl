// Image-level binary cross-entropy, mean over the batch of each group, y in {0, 1}:
// prob   -(y max(ln p1, -100) + (1 - y) max(ln p0, -100)), p0 and p1 the means of both probabilities;
// mvfa   max(z, 0) - z y + ln(1 + exp(-|z|)) with z = p1;   margin   the same with z = m1 - m0.
// pair [count * batch, 2], bound as vec2; label [batch]; loss [count]. Caller: src/kernels/bce.ts.
// Loops: (batch / LANES + 1) * 33 / 32 + steps where batch <= 60000, steps <= 16

struct Params {
  count: u32,
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> pair: array<vec2f>;
@group(0) @binding(2) var<storage, read> label: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

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
// 0 prob, 1 mvfa, 2 margin.
const MODE: u32 = 0u;

// ln(1 + e) for 0 <= e <= 1 as 2 artanh(e / (2 + e)), a series good to 2e-8: log() near 1 loses all digits of a small e.
fn log1p(e: f32) -> f32 {
  let s = e / (2.0 + e);
  let q = s * s;
  let series = 1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0)))));
  return 2.0 * s * (1.0 + q * series);
}

fn term(m: vec2f, y: f32) -> f32 {
  if (MODE == 0u) {
    // log(0) is not defined in WGSL; anything below 1e-38 is far beyond the clamp to -100 anyway.
    let l = select(max(log(max(m, vec2f(1.2e-38))), vec2f(-100.0)), vec2f(-100.0), m < vec2f(1.2e-38));
    return -(y * l.y + (1.0 - y) * l.x);
  }
  let z = select(m.y - m.x, m.y, MODE == 1u);
  return max(z, 0.0) - z * y + log1p(exp(-abs(z)));
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  let g = id.x >> LANE_BITS;
  let lane = local & (LANES - 1u);
  // What is beyond the end goes along to the barriers.
  let batch = select(0u, params.batch, g < params.count);
  // Blocks of 32 keep the rounding errors of a large batch small.
  var total = 0.0;
  for (var start = lane; start < batch; start += 32u * LANES) {
    let stop = min(start + 32u * LANES, batch);
    var part = 0.0;
    for (var b = start; b < stop; b += LANES) {
      part += term(pair[g * params.batch + b], label[b]);
    }
    total += part;
  }
  let all = row_total(total, local);
  if (g < params.count && lane == 0u) {
    loss[g] = all / f32(params.batch);
  }
}
