// count[0] += number of NaN and infinite values among x. WGSL may assume there are none, so the exponent bits decide.
// x [size], the bits of f32; count [1], zeroed by the wrapper. Adding whole numbers is exact in any order, so an atomic will do.
// Caller: src/kernels/non_finite.ts.
// Loops: size / stride + 1 where size / stride <= 64

struct Params {
  size: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read_write> count: array<atomic<u32>>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.stride) {
    return;
  }
  var bad = 0u;
  for (var k = i; k < params.size; k += params.stride) {
    bad += select(0u, 1u, (x[k] & 0x7f800000u) == 0x7f800000u);
  }
  if (bad > 0u) {
    atomicAdd(&count[0], bad);
  }
}
