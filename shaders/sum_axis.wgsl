// One stage of a sum over the middle axis: y[o, k, i] = factor * sum over r = k, k + chunks, k + 2 chunks, … of x[o, r, i], where
// one invocation does it, and of so many neighbouring r in place of each where several share it.
// x [outer, rows, inner]; y [outer, chunks, inner].
// The wrapper repeats stages until chunks = 1, at most 64 terms an invocation, so the order is fixed and errors do not pile up.
// Four running sums: shorter chains of roundings, and independent additions. Caller: src/kernels/sum_axis.ts.
// Loops: rows / chunks / LANES / 4 + 4 + steps where rows / chunks / LANES <= 64, steps <= 16

struct Params {
  outer: u32,
  rows: u32,
  inner: u32,
  chunks: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;
// 2^LANE_BITS invocations share a sum: one on software adapters, neighbours that read side by side on a GPU.
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
  let i = (id.y * (groups.x * WORKGROUP) + id.x) >> LANE_BITS;
  let lane = local & (LANES - 1u);
  let width = params.inner;
  let inside = i < params.outer * params.chunks * width;
  // What is beyond the end goes along to the barriers.
  let rows = select(0u, params.rows, inside);
  let column = i % width;
  let chunk = (i / width) % params.chunks;
  let first = (i / (width * params.chunks)) * params.rows;
  let step = params.chunks * LANES;
  var a = 0.0;
  var b = 0.0;
  var c = 0.0;
  var d = 0.0;
  var r = chunk * LANES + lane;
  while (r + 3u * step < rows) {
    a += x[(first + r) * width + column];
    b += x[(first + r + step) * width + column];
    c += x[(first + r + 2u * step) * width + column];
    d += x[(first + r + 3u * step) * width + column];
    r += 4u * step;
  }
  while (r < rows) {
    a += x[(first + r) * width + column];
    r += step;
  }
  let total = row_total((a + b) + (c + d), local);
  if (inside && lane == 0u) {
    y[i] = params.factor * total;
  }
}
