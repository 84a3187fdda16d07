// From the square of the global norm of all gradients to the factor that Adam multiplies them by, as torch clips them:
// norm[0] = sqrt(total[0]), schedule[entry] = min(1, most / (norm + 1e-6)). total, norm [1]; schedule [8] is that of
// adam.wgsl, whose other entries stay. Caller: src/kernels/clip_norm.ts.
// Loops: none

struct Params {
  entry: u32,
  most: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> total: array<f32>;
@group(0) @binding(2) var<storage, read_write> schedule: array<f32>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(1)
fn main() {
  let length = sqrt(total[0]);
  norm[0] = length;
  schedule[params.entry] = min(1.0, params.most / (length + 1e-6));
}
