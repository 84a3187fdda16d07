// y = f(x) element by element: exp, the natural logarithm, the square root, the absolute value, x to the power of exponent.
// x, y [4 quads], bound as vec4; whole is |exponent| where that is a small whole number, else 0xffffffff.
// Caller: src/kernels/unary.ts.
// Loops: 7

struct Params {
  quads: u32,
  exponent: f32,
  whole: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

const WORKGROUP: u32 = 256u;
// 0 exp, 1 log, 2 sqrt, 3 abs, 4 power.
const OP: u32 = 0u;

// Whole exponents by multiplication: exact for small ones, and right for negative v, which pow is not defined for.
fn power(v: vec4f) -> vec4f {
  if (params.whole > 64u) {
    return pow(v, vec4f(params.exponent));
  }
  var product = vec4f(1.0);
  var square = v;
  for (var n = params.whole; n > 0u; n >>= 1u) {
    if ((n & 1u) == 1u) {
      product *= square;
    }
    square *= square;
  }
  if (params.exponent < 0.0) {
    return 1.0 / product;
  }
  return product;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.quads) {
    return;
  }
  let v = x[i];
  if (OP == 0u) {
    y[i] = exp(v);
  } else if (OP == 1u) {
    y[i] = log(v);
  } else if (OP == 2u) {
    y[i] = sqrt(v);
  } else if (OP == 3u) {
    y[i] = abs(v);
  } else {
    y[i] = power(v);
  }
}
