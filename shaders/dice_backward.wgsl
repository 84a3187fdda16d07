// Gradient of the dice loss with respect to the abnormal channel; the normal one gets 0:
// dprob1 = grad / batch * ((2 I + s) / (P + T + s)^2 - 2 t / (P + T + s)) with (I, P, T) the sums of the image.
// grad [rows / batch]; sums [rows, 3]; mask [batch, pixels]; dprob [rows, pixels, 2], bound as vec2.
// Caller: src/kernels/dice.ts.
// Loops: none

struct Params {
  batch: u32,
  pixels: u32,
  smooth_by: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> sums: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> dprob: array<vec2f>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.pixels) {
    return;
  }
  // A row of workgroups for each image: divisions by the number of pixels would cost more than all else here.
  let row = id.y;
  let i = row * params.pixels + id.x;
  let t = mask[(row % params.batch) * params.pixels + id.x];
  let below = sums[3u * row + 1u] + sums[3u * row + 2u] + params.smooth_by;
  let ratio = (2.0 * sums[3u * row] + params.smooth_by) / below;
  let g = grad[row / params.batch] / f32(params.batch);
  dprob[i] = vec2f(0.0, g * (ratio - 2.0 * t) / below);
}
