// Bilinear resize. Output line i takes its value at s = clamp((i step + offset) / den, 0, n - 1) of the n input lines, on
// both axes; the wrapper gives the integers for torch's align_corners true and false and for centred patches. Integers make
// the place exact, and s - floor(s) right to the last bit, however large the picture.
// x [batch, h, w, channels]; y [batch, height, width, channels]; one invocation per output pixel, of which there are pixels.
// Caller: src/kernels/resize.ts.
// Loops: channels where channels <= 4096

struct Params {
  pixels: u32,
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

const WORKGROUP: u32 = 64u;

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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.pixels) {
    return;
  }
  let image = i / (params.width * params.height);
  let py = place((i / params.width) % params.height, params.step_y, params.offset_y, params.den_y, params.h);
  let px = place(i % params.width, params.step_x, params.offset_x, params.den_x, params.w);
  let upper = (image * params.h + py.low) * params.w;
  let lower = (image * params.h + py.high) * params.w;
  for (var c = 0u; c < params.channels; c++) {
    let a = x[(upper + px.low) * params.channels + c];
    let b = x[(upper + px.high) * params.channels + c];
    let d = x[(lower + px.low) * params.channels + c];
    let e = x[(lower + px.high) * params.channels + c];
    let top = a * (1.0 - px.part) + b * px.part;
    let bottom = d * (1.0 - px.part) + e * px.part;
    y[i * params.channels + c] = top * (1.0 - py.part) + bottom * py.part;
  }
}
