// Sums of squares of a gradient, one for every 1024 elements: squares[offset + i] = sum of grad[1024 i ... 1024 i + 1023]^2.
// All gradients of a model write into one array, whose sum is the square of the global norm.
// grad [size], bound as vec4; squares [offset + ceil(size / 1024), ...]. Caller: src/kernels/clip_norm.ts.
// Loops: 256 / LANES + steps where steps <= 16

struct Params {
  size: u32,
  offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;

const WORKGROUP: u32 = 16u;
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
const QUADS: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = (id.y * (groups.x * WORKGROUP) + id.x) >> LANE_BITS;
  let lane = local & (LANES - 1u);
  // What is beyond the end goes along to the barriers.
  let end = min(QUADS * (i + 1u), (params.size + 3u) / 4u);
  var sums = vec4f();
  for (var q = QUADS * i + lane; q < end; q += LANES) {
    // The last vec4 may hold what belongs to nobody.
    let inside = 4u * q + vec4u(0u, 1u, 2u, 3u) < vec4u(params.size);
    let g = select(vec4f(), grad[q], inside);
    sums += g * g;
  }
  let total = row_total((sums.x + sums.y) + (sums.z + sums.w), local);
  if (4u * QUADS * i < params.size && lane == 0u) {
    squares[params.offset + i] = total;
  }
}
