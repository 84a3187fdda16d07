// loss[g] = 1 - mean over the batch of (2 I + s) / (P + T + s). sums [count * batch, 3] = (I, P, T) of each image; loss [count].
// One invocation per group. Caller: src/kernels/dice.ts.
// Loops: batch where batch <= 60000

struct Params {
  count: u32,
  batch: u32,
  smooth_by: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let g = id.x;
  if (g >= params.count) {
    return;
  }
  // The mean of 1 - ratio, not 1 - the mean: near a perfect match that keeps the digits.
  let s = params.smooth_by;
  var total = 0.0;
  for (var b = 0u; b < params.batch; b++) {
    let at = 3u * (g * params.batch + b);
    let both = sums[at + 1u] + sums[at + 2u];
    total += (both - 2.0 * sums[at]) / (both + s);
  }
  loss[g] = total / f32(params.batch);
}
