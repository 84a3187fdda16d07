// y = factor * (a op b) element by element, either operand repeated along any axes (a stride of 0).
// y [size] of AXES axes, from the outermost 0 to the innermost AXES - 1, with extents n1 … n4 (that of axis 0 follows from size);
// a and b take a step of a0 … a4, b0 … b4 elements along them. The wrapper joins axes that are one run for both operands.
// One invocation per element. Caller: src/kernels/binary.ts.
// Loops: none

struct Params {
  size: u32,
  factor: f32,
  n1: u32,
  n2: u32,
  n3: u32,
  n4: u32,
  a0: u32,
  a1: u32,
  a2: u32,
  a3: u32,
  a4: u32,
  b0: u32,
  b1: u32,
  b2: u32,
  b3: u32,
  b4: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 256u;
const AXES: u32 = 5u;
// 0 add, 1 subtract, 2 multiply, 3 divide, 4 a times the sign of b, 5 whether a is larger (1 or 0).
const OP: u32 = 0u;

// <paste combine f32>
// Two numbers to one, as OP says.
fn combine(a: f32, b: f32) -> f32 {
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
  return select(f32(0.0), f32(1.0), a > b);
}
// </paste>

// <paste split>
// Takes the innermost axis off an index: what is left of it, and the place along that axis.
fn split(i: u32, extent: u32) -> vec2u {
  let left = i / extent;
  return vec2u(left, i - left * extent);
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  var s = vec2u(i, 0u);
  var at = vec2u();
  if (AXES > 4u) {
    s = split(s.x, params.n4);
    at += s.y * vec2u(params.a4, params.b4);
  }
  if (AXES > 3u) {
    s = split(s.x, params.n3);
    at += s.y * vec2u(params.a3, params.b3);
  }
  if (AXES > 2u) {
    s = split(s.x, params.n2);
    at += s.y * vec2u(params.a2, params.b2);
  }
  if (AXES > 1u) {
    s = split(s.x, params.n1);
    at += s.y * vec2u(params.a1, params.b1);
  }
  at += s.x * vec2u(params.a0, params.b0);
  y[i] = params.factor * combine(a[at.x], b[at.y]);
}
