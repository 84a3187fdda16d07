// One axis of the backward of resize.wgsl: dx[o, j, c] = sum over the output lines i of grad[o, i, c] * max(0, 1 - |s(i) - j|)
// with s(i) = clamp((i step + offset) / den, 0, short - 1): each input line gathers the lines it had a part in, so no
// atomics, four at a time, which wait for memory together. grad [outer, long, inner]; dx [outer, short, inner] of size elements.
// Run for y, whose neighbours lie side by side, then for x, where on a GPU neighbours share an input line, so that they read side by
// side. Caller: src/kernels/resize.ts.
// Loops: long / LANES / 4 + 2 + steps where long <= 16384, steps <= 16

struct Params {
  size: u32,
  short: u32,
  long: u32,
  inner: u32,
  step: i32,
  offset: i32,
  den: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;

const WORKGROUP: u32 = 64u;
// 2^LANE_BITS invocations share an element of dx: one on software adapters.
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
  let inside = i < params.size;
  let c = i % params.inner;
  let line = i / params.inner;
  let j = i32(line % params.short);
  let first = (line / params.short) * params.long;
  let last_line = i32(params.short) - 1;
  // Lines with j - 1 < s < j + 1; the outermost input lines also own all that was clamped to them.
  var low = 0;
  var high = i32(params.long) - 1;
  if (params.step > 0) {
    if (j > 0) {
      low = clamp(((j - 1) * params.den - params.offset) / params.step, 0, high);
    }
    if (j < last_line) {
      high = clamp(((j + 1) * params.den - params.offset) / params.step + 1, 0, high);
    }
  }
  // What is beyond the end goes along to the barriers.
  high = select(-1, high, inside);
  let unit = 1.0 / f32(params.den);
  var total = 0.0;
  // A multiple of the neighbours, whose reads then begin where a line of the cache may begin; lines before `low` count zero.
  let step = i32(LANES);
  for (var k = (low & -step) + i32(lane); k <= high; k += 4 * step) {
    let lines = vec4i(k, k + step, k + 2 * step, k + 3 * step);
    let s = clamp(lines * params.step + params.offset, vec4i(), vec4i(last_line * params.den));
    let near = max(params.den - abs(s - j * params.den), vec4i());
    let part = vec4f(select(vec4i(), near, lines <= vec4i(high))) * unit;
    let at = (vec4u(first) + vec4u(min(lines, vec4i(high)))) * params.inner + c;
    total += dot(part, vec4f(grad[at.x], grad[at.y], grad[at.z], grad[at.w]));
  }
  let sum = row_total(total, local);
  if (inside && lane == 0u) {
    dx[i] = sum;
  }
}
