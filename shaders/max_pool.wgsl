// y[b, oy, ox, c] = largest x[b, oy * stride + ky - pad, ox * stride + kx - pad, c] over ky, kx < side that lie in the image.
// x [B, height, width, channels], y [B, out_height, out_width, channels]. One invocation per element of y.
// Caller: src/kernels/max_pool.ts.
// Loops: side * (side + 1) where side <= 200

struct Params {
  count: u32,
  height: u32,
  width: u32,
  channels: u32,
  side: u32,
  stride: u32,
  pad: u32,
  out_height: u32,
  out_width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = id.y * (groups.x * WORKGROUP) + id.x;
  if (element >= params.count) {
    return;
  }
  let c = element % params.channels;
  let place = element / params.channels;
  let ox = place % params.out_width;
  let oy = place / params.out_width % params.out_height;
  let start = place / (params.out_width * params.out_height) * params.height;
  var most = -3.4e38;
  for (var ky = 0u; ky < params.side; ky++) {
    // Below 0 it wraps around to a number that no image reaches.
    let line = oy * params.stride + ky - params.pad;
    if (line >= params.height) {
      continue;
    }
    for (var kx = 0u; kx < params.side; kx++) {
      let column = ox * params.stride + kx - params.pad;
      if (column < params.width) {
        most = max(most, x[((start + line) * params.width + column) * params.channels + c]);
      }
    }
  }
  y[element] = most;
}
