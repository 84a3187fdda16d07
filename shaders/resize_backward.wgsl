// One axis of the backward of resize.wgsl: dx[o, j, c] = sum over the output lines i of grad[o, i, c] * max(0, 1 - |s(i) - j|)
// with s(i) = clamp((i step + offset) / den, 0, short - 1): each input line gathers the lines it had a part in, so no
// atomics. grad [outer, long, inner]; dx [outer, short, inner] of size elements. Run for x, then for y.
// Caller: src/kernels/resize.ts.
// Loops: long where long <= 16384

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
  for (var k = low; k <= high; k++) {
    let s = clamp(k * params.step + params.offset, 0, last_line * params.den);
    let away = abs(s - j * params.den);
    if (away < params.den) {
      total += f32(params.den - away) * unit * grad[(first + u32(k)) * params.inner + c];
    }
  }
  dx[i] = total;
}
