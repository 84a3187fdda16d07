// y = factor * (a op b) as binary.wgsl, four elements at a time: both operands have y's shape, or a trailing part of it whose
// length is a multiple of 4 and which is repeated. y [4 quads]; a [4 a_period], b [4 b_period]; all bound as vec4.
// About twice as fast as binary.wgsl on lavapipe (bench/kernels/binary.bench.ts). Caller: src/kernels/binary.ts.
// Loops: none

struct Params {
  quads: u32,
  factor: f32,
  a_period: u32,
  b_period: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 256u;
// 0 add, 1 subtract, 2 multiply, 3 divide, 4 a times the sign of b, 5 whether a is larger (1 or 0).
const OP: u32 = 0u;

// <paste combine vec4f>
// Two numbers to one, as OP says.
fn combine(a: vec4f, b: vec4f) -> vec4f {
  if (OP == 0u) {
    return a + b;
  } else if (OP == 1u) {
    return a - b;
  } else if (OP == 2u) {
    return a * b;
  } else if (OP == 3u) {
    return a / b;
  } else if (OP == 4u) {
    return a * sign(b);
  }
  return select(vec4f(0.0), vec4f(1.0), a > b);
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.quads) {
    y[i] = params.factor * combine(a[i % params.a_period], b[i % params.b_period]);
  }
}
