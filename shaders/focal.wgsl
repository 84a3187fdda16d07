// First stage of the focal loss: parts[r, k] = sum over the pixels k, k + chunks, k + 2 chunks, … of image r of
// -w (1 - pt)^gamma ln pt with pt = hot0 p0 + hot1 p1 + smooth, hot the mask clamped to [smooth, 1 - smooth], and w = alpha for
// abnormal pixels, 1 - alpha for normal ones, 1 when alpha < 0. The wrapper sums the parts.
// prob [rows, pixels, 2], bound as vec2; mask [batch, pixels], image r has mask r mod batch; parts [rows, chunks].
// Caller: src/kernels/focal.ts.
// Loops: pixels / chunks + 1 where pixels / chunks <= 64

struct Params {
  rows: u32,
  batch: u32,
  pixels: u32,
  chunks: u32,
  gamma: f32,
  smooth_by: f32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prob: array<vec2f>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

const WORKGROUP: u32 = 64u;

// base^gamma for base >= 0; pow() would cost digits where gamma is the usual 2.
fn power(base: f32, gamma: f32) -> f32 {
  if (gamma == 2.0) {
    return base * base;
  }
  if (gamma == 0.0) {
    return 1.0;
  }
  return select(0.0, exp2(gamma * log2(max(base, 1e-30))), base > 0.0);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.rows * params.chunks) {
    return;
  }
  let row = i / params.chunks;
  let image = row % params.batch;
  var total = 0.0;
  for (var k = i % params.chunks; k < params.pixels; k += params.chunks) {
    let m = mask[image * params.pixels + k];
    let hot = clamp(vec2f(1.0 - m, m), vec2f(params.smooth_by), vec2f(1.0 - params.smooth_by));
    let p = prob[row * params.pixels + k];
    let pt = hot.x * p.x + hot.y * p.y + params.smooth_by;
    let w = select(select(1.0 - params.alpha, params.alpha, m > 0.5), 1.0, params.alpha < 0.0);
    total -= w * power(max(1.0 - pt, 0.0), params.gamma) * log(pt);
  }
  parts[i] = total;
}
