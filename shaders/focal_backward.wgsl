// Gradient of the focal loss (see focal.wgsl), mean over batch * pixels of each group:
// dprob = grad / (batch pixels) w hot (gamma (1 - pt)^(gamma - 1) ln pt - (1 - pt)^gamma / pt).
// grad [rows / batch]; prob, dprob [rows, pixels, 2], bound as vec2; mask [batch, pixels].
// Caller: src/kernels/focal.ts.
// Loops: none

struct Params {
  batch: u32,
  pixels: u32,
  gamma: f32,
  smooth_by: f32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> prob: array<vec2f>;
@group(0) @binding(3) var<storage, read> mask: array<f32>;
@group(0) @binding(4) var<storage, read_write> dprob: array<vec2f>;

const WORKGROUP: u32 = 256u;
// 1: added to what dprob holds.
const ADD: u32 = 0u;

// d/dpt of -(1 - pt)^gamma ln pt, without the sign. At pt = 1 the first term goes to 0 although its power may not.
fn slope(pt: f32, gamma: f32) -> f32 {
  let rest = max(1.0 - pt, 0.0);
  if (gamma == 2.0) {
    return rest * (2.0 * log(pt) - rest / pt);
  }
  if (gamma == 0.0) {
    return -1.0 / pt;
  }
  if (rest == 0.0) {
    return 0.0;
  }
  let below = exp2((gamma - 1.0) * log2(rest));
  return below * (gamma * log(pt) - rest / pt);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.pixels) {
    return;
  }
  // A row of workgroups for each image: divisions by the number of pixels would cost more than all else here.
  let row = id.y;
  let i = row * params.pixels + id.x;
  let m = mask[(row % params.batch) * params.pixels + id.x];
  let hot = clamp(vec2f(1.0 - m, m), vec2f(params.smooth_by), vec2f(1.0 - params.smooth_by));
  let p = prob[i];
  let pt = hot.x * p.x + hot.y * p.y + params.smooth_by;
  let w = select(select(1.0 - params.alpha, params.alpha, m > 0.5), 1.0, params.alpha < 0.0);
  let g = grad[row / params.batch] / (f32(params.batch) * f32(params.pixels));
  var value = (g * w * slope(pt, params.gamma)) * hot;
  if (ADD == 1u) {
    value += dprob[i];
  }
  dprob[i] = value;
}
