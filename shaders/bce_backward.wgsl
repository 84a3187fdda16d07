// dpair = grad / batch * d term / d pair for the terms of bce.wgsl:
// prob (-(1 - y) / p0, -y / p1), divisors at least 1e-12 as in torch; mvfa (0, sigmoid(z) - y); margin (-d, d).
// grad [count]; pair, dpair [rows, 2] with rows = count * batch, bound as vec2; label [batch]. Caller: src/kernels/bce.ts.
// Loops: none

struct Params {
  rows: u32,
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> pair: array<vec2f>;
@group(0) @binding(3) var<storage, read> label: array<f32>;
@group(0) @binding(4) var<storage, read_write> dpair: array<vec2f>;

const WORKGROUP: u32 = 64u;
// 0 prob, 1 mvfa, 2 margin.
const MODE: u32 = 0u;

// 1 / (1 + exp(-z)) with an exponent that is never positive.
fn sigmoid(z: f32) -> f32 {
  let e = exp(-abs(z));
  return select(e, 1.0, z >= 0.0) / (1.0 + e);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.rows) {
    return;
  }
  let y = label[i % params.batch];
  let m = pair[i];
  let g = grad[i / params.batch] / f32(params.batch);
  if (MODE == 0u) {
    dpair[i] = -g * vec2f(1.0 - y, y) / max(m, vec2f(1e-12));
  } else if (MODE == 1u) {
    dpair[i] = vec2f(0.0, g * (sigmoid(m.y) - y));
  } else {
    let d = g * (sigmoid(m.y - m.x) - y);
    dpair[i] = vec2f(-d, d);
  }
}
