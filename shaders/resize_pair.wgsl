// Bilinear resize of two channels, the classes of a map: as resize.wgsl, which explains the places, but a pixel is one vec2
// and there is no loop over channels: about three times as fast per number on lavapipe and SwiftShader (bench/kernels/resize.bench.ts).
// x [batch, h, w, 2]; y [batch, height, width, 2]. Caller: src/kernels/resize.ts.
// Loops: RUN

struct Params {
  h: u32,
  w: u32,
  height: u32,
  width: u32,
  step_y: i32,
  offset_y: i32,
  den_y: i32,
  step_x: i32,
  offset_x: i32,
  den_x: i32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec2f>;

const RUN: u32 = 8u;
// Invocations of a workgroup in a row and in a column: on a GPU, where RUN is 1, neighbours write side by side.
const WIDE: u32 = 8u;
const TALL: u32 = 8u;

// <paste place>
struct Place {
  low: u32,
  high: u32,
  part: f32,
}

fn place(index: u32, step: i32, offset: i32, den: i32, count: u32) -> Place {
  let s = u32(clamp(i32(index) * step + offset, 0, (i32(count) - 1) * den));
  let low = s / u32(den);
  return Place(low, min(low + 1u, count - 1u), f32(s % u32(den)) / f32(den));
}
// </paste>

@compute @workgroup_size(WIDE, TALL)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y;
  if (row >= params.height) {
    return;
  }
  let py = place(row, params.step_y, params.offset_y, params.den_y, params.h);
  let upper = (id.z * params.h + py.low) * params.w;
  let lower = (id.z * params.h + py.high) * params.w;
  let end = min((id.x + 1u) * RUN, params.width);
  for (var j = id.x * RUN; j < end; j++) {
    let px = place(j, params.step_x, params.offset_x, params.den_x, params.w);
    let top = x[upper + px.low] * (1.0 - px.part) + x[upper + px.high] * px.part;
    let bottom = x[lower + px.low] * (1.0 - px.part) + x[lower + px.high] * px.part;
    y[(id.z * params.height + row) * params.width + j] = top * (1.0 - py.part) + bottom * py.part;
  }
}
