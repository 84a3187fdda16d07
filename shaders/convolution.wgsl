// Windows of an image as rows: columns[b, oy, ox, (ky * side + kx) * channels + c] = x[b, oy * stride + ky - pad, ox * stride + kx - pad, c],
// 0 outside of the image. x holds its pixels `pixel` and its channels `channel` numbers apart: [B, H, W, C] or [B, C, H, W].
// columns [B, out_height, out_width, side^2 channels]. One invocation per element; the convolution is the product with the
// weights [O, side^2 channels]. Caller: src/kernels/convolution.ts.
// Loops: none

struct Params {
  count: u32,
  // Index of the first image in x.
  first: u32,
  height: u32,
  width: u32,
  channels: u32,
  pixel: u32,
  channel: u32,
  side: u32,
  stride: u32,
  pad: u32,
  out_height: u32,
  out_width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> columns: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = id.y * (groups.x * WORKGROUP) + id.x;
  if (element >= params.count) {
    return;
  }
  let c = element % params.channels;
  let tap = element / params.channels % (params.side * params.side);
  let place = element / (params.channels * params.side * params.side);
  let ox = place % params.out_width;
  let oy = place / params.out_width % params.out_height;
  let image = params.first + place / (params.out_width * params.out_height);
  // Below 0 they wrap around to numbers that no image reaches.
  let y = oy * params.stride + tap / params.side - params.pad;
  let px = ox * params.stride + tap % params.side - params.pad;
  var value = 0.0;
  if (y < params.height && px < params.width) {
    let start = image * params.height * params.width * params.channels;
    value = x[start + (y * params.width + px) * params.pixel + c * params.channel];
  }
  columns[element] = value;
}
