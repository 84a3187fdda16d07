// One axis of the backward of resize.wgsl: dx[o, j, c] = sum over the output lines i of grad[o, i, c] * max(0, 1 - |s(i) - j|)
// with s(i) = clamp((i step + offset) / den, 0, short - 1): each input line gathers the lines it had a part in, so no
// atomics, four at a time, which wait for memory together. grad [outer, long, inner]; dx [outer, short, inner] of size elements.
// Run for y, whose neighbours lie side by side, then for x. Caller: src/kernels/resize.ts.
// Loops: long / 4 + 1 where long <= 16384

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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
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
  let unit = 1.0 / f32(params.den);
  var total = 0.0;
  for (var k = low; k <= high; k += 4) {
    let lines = vec4i(k, k + 1, k + 2, k + 3);
    let s = clamp(lines * params.step + params.offset, vec4i(), vec4i(last_line * params.den));
    let near = max(params.den - abs(s - j * params.den), vec4i());
    let part = vec4f(select(vec4i(), near, lines <= vec4i(high))) * unit;
    let at = (vec4u(first) + vec4u(min(lines, vec4i(high)))) * params.inner + c;
    total += dot(part, vec4f(grad[at.x], grad[at.y], grad[at.z], grad[at.w]));
  }
  dx[i] = total;
}
