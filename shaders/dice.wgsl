// First stage of the dice loss: parts[r, k] = sums over the pixels k, k + chunks, … of image r of p t, p and t, where p is
// the abnormal probability and t the mask. The wrapper sums the parts to [rows, 3].
// prob [rows, pixels, 2], bound as vec2; mask [batch, pixels], image r has mask r mod batch; parts [rows, chunks, 3].
// Caller: src/kernels/dice.ts.
// Loops: pixels / chunks + 1 where pixels / chunks <= 64

struct Params {
  rows: u32,
  batch: u32,
  pixels: u32,
  chunks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> prob: array<vec2f>;
@group(0) @binding(2) var<storage, read> mask: array<f32>;
@group(0) @binding(3) var<storage, read_write> parts: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.rows * params.chunks) {
    return;
  }
  let row = i / params.chunks;
  let image = row % params.batch;
  var sums = vec3f();
  for (var k = i % params.chunks; k < params.pixels; k += params.chunks) {
    let p = prob[row * params.pixels + k].y;
    let t = mask[image * params.pixels + k];
    sums += vec3f(p * t, p, t);
  }
  parts[3u * i] = sums.x;
  parts[3u * i + 1u] = sums.y;
  parts[3u * i + 2u] = sums.z;
}
