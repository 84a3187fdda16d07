// y = a + b, b repeated over the leading axes of a.
// a, y [4 quads]; b [4 period]; all bound as vec4. Other lengths of b: elementwise_add_odd, which takes about twice as
// long on lavapipe (bench/kernels/elementwise.bench.ts). Caller: src/kernels/elementwise.ts.
// Loops: none

struct Params {
  quads: u32,
  period: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.quads) {
    y[i] = a[i] + b[i % params.period];
  }
}
