// Bilinear resize. Output line i takes its value at s = clamp((i step + offset) / den, 0, n - 1) of the n input lines, on
// both axes; the wrapper gives the integers for torch's align_corners true and false and for centred patches. Integers make
// the place exact, and s - floor(s) right to the last bit, however large the picture.
// x [batch, h, w, channels]; y [batch, height, width, channels]. One invocation owns RUN neighbouring pixels of a row, since
// whole-number divisions are dear on software adapters: those for the row are made once; where RUN is 1, one channel of a pixel, so
// that neighbours read side by side. Image = id.z.
// Caller: src/kernels/resize.ts.
// Loops: RUN * (channels + 1) where channels <= 4096

struct Params {
  channels: u32,
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
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

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
  let channels = params.channels;
  let py = place(row, params.step_y, params.offset_y, params.den_y, params.h);
  let upper = (id.z * params.h + py.low) * params.w;
  let lower = (id.z * params.h + py.high) * params.w;
  var first = id.x * RUN;
  var from_channel = 0u;
  var to_channel = channels;
  if (RUN == 1u) {
    first = id.x / channels;
    from_channel = id.x % channels;
    to_channel = from_channel + 1u;
  }
  let end = min(first + RUN, params.width);
  for (var j = first; j < end; j++) {
    let px = place(j, params.step_x, params.offset_x, params.den_x, params.w);
    let to = ((id.z * params.height + row) * params.width + j) * channels;
    for (var c = from_channel; c < to_channel; c++) {
      let a = x[(upper + px.low) * channels + c];
      let b = x[(upper + px.high) * channels + c];
      let d = x[(lower + px.low) * channels + c];
      let e = x[(lower + px.high) * channels + c];
      let top = a * (1.0 - px.part) + b * px.part;
      let bottom = d * (1.0 - px.part) + e * px.part;
      y[to + c] = top * (1.0 - py.part) + bottom * py.part;
    }
  }
}
