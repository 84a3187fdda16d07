// One step of Adam / AdamW as torch computes it, in place: g = clip grad; theta *= decay; m += (g - m)(1 - beta1);
// v = beta2 v + (1 - beta2) g^2; theta -= step m / (sqrt(v) / root + eps).
// schedule [8] = step = lr / (1 - beta1^t), 1 - beta1, 1 - beta2, eps, decay = 1 - lr weight_decay, root = sqrt(1 - beta2^t),
// lr (not read), clip: quotients are taken in float64 on the host, since 1 - 0.999 in f32 has only four right digits.
// theta, grad, exp_avg (m), exp_avg_sq (v) [size], bound as vec4. Caller: src/kernels/adam.ts.
// Loops: none

struct Params {
  size: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> schedule: array<f32>;
@group(0) @binding(3) var<storage, read_write> theta: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> exp_avg: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> exp_avg_sq: array<vec4f>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (4u * i >= params.size) {
    return;
  }
  // A view's neighbours share its last vec4 and keep their values.
  let inside = 4u * i + vec4u(0u, 1u, 2u, 3u) < vec4u(params.size);
  let g = select(vec4f(0.0), grad[i] * schedule[7], inside);
  let old_m = exp_avg[i];
  let old_v = exp_avg_sq[i];
  let old = theta[i];
  let m = old_m + (g - old_m) * schedule[1];
  let v = old_v * (1.0 - schedule[2]) + schedule[2] * g * g;
  let next = old * schedule[4] - schedule[0] * (m / (sqrt(v) / schedule[5] + schedule[3]));
  exp_avg[i] = select(old_m, m, inside);
  exp_avg_sq[i] = select(old_v, v, inside);
  theta[i] = select(old, next, inside);
}
