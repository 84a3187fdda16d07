// Gradient of the InfoNCE loss by each cosine, and what each adds to that of log_scale, s = exp(log_scale):
// d_cosine[i, j] = grad s / (2 batch) (exp(s c - L[i]) + exp(s c - L[batch + j]) - 2 t), L = log_sum_exp, t = share[i] where
// the captions of i and j are the same and 0 elsewhere; d_scale[i, j] = c d_cosine[i, j], since s c changes by itself.
// grad, log_scale [1]; cosine, d_cosine, d_scale [batch, batch]; group, share [batch]; log_sum_exp [2 batch].
// Caller: src/kernels/info_nce.ts.
// Loops: none

struct Params {
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> cosine: array<f32>;
@group(0) @binding(3) var<storage, read> log_scale: array<f32>;
@group(0) @binding(4) var<storage, read> group: array<u32>;
@group(0) @binding(5) var<storage, read> share: array<f32>;
@group(0) @binding(6) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(7) var<storage, read_write> d_cosine: array<f32>;
@group(0) @binding(8) var<storage, read_write> d_scale: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.y * (groups.x * WORKGROUP) + id.x;
  let batch = params.batch;
  if (at >= batch * batch) {
    return;
  }
  let i = at / batch;
  let j = at % batch;
  let scale = exp(log_scale[0]);
  let c = cosine[at];
  let wanted = select(0.0, share[i], group[i] == group[j]);
  let found = exp(scale * c - log_sum_exp[i]) + exp(scale * c - log_sum_exp[batch + j]);
  let d = grad[0] * scale / (2.0 * f32(batch)) * (found - 2.0 * wanted);
  d_cosine[at] = d;
  d_scale[at] = d * c;
}
