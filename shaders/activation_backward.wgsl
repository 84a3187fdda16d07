// dx = grad * f'(x), element by element; f as in activation.wgsl.
// saved, grad, dx [4 quads], bound as vec4. saved is the input x; for the relus it may as well be the output (same sign).
// Caller: src/kernels/activation.ts.
// Loops: none

struct Params {
  quads: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> saved: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

const WORKGROUP: u32 = 256u;
// 0 relu, 1 gelu, 2 quickgelu, 3 leaky relu.
const KIND: u32 = 0u;

// <paste normal_cdf vec4f>
// Phi(a) = (1 + erf(a / sqrt 2)) / 2; WGSL has no erf. -ln(2 Phi(-|a|)) / |a| is smooth and is replaced by a polynomial,
// a weighted minimax fit on [0, 6]: its error is 1.6e-8 of Phi, the whole about 5e-8, and Phi(-a) keeps its small values.
fn normal_cdf(a: vec4f) -> vec4f {
  let t = abs(a);
  var q = t * 1.96499604e-6 - 2.72944362e-5;
  q = q * t + 1.29050139e-4;
  q = q * t + 9.49169917e-5;
  q = q * t - 4.89598932e-3;
  q = q * t + 3.63875777e-2;
  q = q * t + 0.318298876;
  q = q * t + 0.797885299;
  let tail = 0.5 * exp(-min(q * t, vec4f(80.0)));
  return select(tail, 1.0 - tail, a >= vec4f(0.0));
}
// </paste>

// <paste sigmoid vec4f>
// exp stays finite: its argument is at most 80.
fn sigmoid(a: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp(min(-a, vec4f(80.0))));
}
// </paste>

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.quads) {
    return;
  }
  let v = saved[i];
  let g = grad[i];
  if (KIND == 0u) {
    dx[i] = select(vec4f(0.0), g, v > vec4f(0.0));
  } else if (KIND == 1u) {
    let density = 0.398942280 * exp(-min(0.5 * v * v, vec4f(80.0)));
    dx[i] = g * (normal_cdf(v) + v * density);
  } else if (KIND == 2u) {
    let s = sigmoid(1.702 * v);
    dx[i] = g * (s * (1.0 + 1.702 * v * (1.0 - s)));
  } else {
    dx[i] = select(0.01 * g, g, v > vec4f(0.0));
  }
}
