// First stage of the dice loss: pieces[r, …, k] = sums over the pixels k, k + chunks, … of image r (LANES neighbours in place of each)
// of p t, p and t, where p is the abnormal probability and t the mask. The wrapper sums the pieces to [rows, 3].
// prob [rows, pixels, 2], bound as vec2; mask [batch, pixels], image r has mask r mod batch; pieces [rows, 3, chunks].
// Caller: src/kernels/dice.ts.
// Loops: pixels / chunks / LANES + 1 + steps where pixels / chunks / LANES <= 64, steps <= 16

struct Params {
  rows: u32,
  batch: u32,
  pixels: u32,
  chunks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prob: array<vec2f>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> pieces: array<f32>;

const WORKGROUP: u32 = 64u;
// 2^LANE_BITS invocations share a piece: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;

var<workgroup> parts: array<vec3f, WORKGROUP>;

// <paste row_total vec3f>
// Sum of what the invocations that share a row hold, for each of them: of eight neighbours first, then of their sums.
fn row_total(own: vec3f, local: u32) -> vec3f {
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
  let inside = i < params.rows * params.chunks;
  // What is beyond the end goes along to the barriers.
  let pixels = select(0u, params.pixels, inside);
  let row = i / params.chunks;
  let image = row % params.batch;
  var sums = vec3f();
  for (var k = (i % params.chunks) * LANES + lane; k < pixels; k += params.chunks * LANES) {
    let p = prob[row * params.pixels + k].y;
    let t = mask[image * params.pixels + k];
    sums += vec3f(p * t, p, t);
  }
  let all = row_total(sums, local);
  if (inside && lane == 0u) {
    let to = 3u * row * params.chunks + i % params.chunks;
    pieces[to] = all.x;
    pieces[to + params.chunks] = all.y;
    pieces[to + 2u * params.chunks] = all.z;
  }
}
