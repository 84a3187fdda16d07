// Sums of squares of a gradient, one for every 1024 elements: squares[offset + i] = sum of grad[1024 i ... 1024 i + 1023]^2.
// All gradients of a model write into one array, whose sum is the square of the global norm.
// grad [size], bound as vec4; squares [offset + ceil(size / 1024), ...]. Caller: src/kernels/clip_norm.ts.
// Loops: 256

struct Params {
  size: u32,
  offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> squares: array<f32>;

const WORKGROUP: u32 = 16u;
const QUADS: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (4u * QUADS * i >= params.size) {
    return;
  }
  let end = min(QUADS * (i + 1u), (params.size + 3u) / 4u);
  var sums = vec4f();
  for (var q = QUADS * i; q < end; q++) {
    // The last vec4 may hold what belongs to nobody.
    let inside = 4u * q + vec4u(0u, 1u, 2u, 3u) < vec4u(params.size);
    let g = select(vec4f(), grad[q], inside);
    sums += g * g;
  }
  squares[params.offset + i] = (sums.x + sums.y) + (sums.z + sums.w);
}
