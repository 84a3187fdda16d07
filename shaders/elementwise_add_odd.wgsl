// y = a + b, b repeated over the leading axes of a; for a b whose length is no multiple of 4 (see elementwise_add).
// a, y [size]; b [period]. Caller: src/kernels/elementwise.ts.
// Loops: none

struct Params {
  size: u32,
  period: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 256u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    y[i] = a[i] + b[i % params.period];
  }
}
