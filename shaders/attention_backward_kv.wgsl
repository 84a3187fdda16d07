// Gradient of attention.wgsl by keys and values: the reference, one invocation per key, head and four columns.
// p = exp(scale * q k^T - log_sum_exp), d_p = grad v^T; d_v = p^T grad, d_k = scale * (p * (d_p - delta))^T q.
// grad [B, length, W]; qkv, d_qkv [B, length, 3 W], of which the key and value thirds are written; log_sum_exp and delta
// (from attention_backward_q.wgsl) [B, heads, length]. Caller: src/kernels/attention.ts.
// Loops: length * (quads + 1) where length * (quads + 1) <= 64000

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Width of one head / 4.
  quads: u32,
  // Heads of all batches are numbered through; a launch does those from this one on.
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_qkv: array<vec4f>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let key = id.x / params.quads;
  let quad = id.x % params.quads;
  let head = (params.first + id.y) % params.heads;
  let batch = (params.first + id.y) / params.heads;
  if (key >= params.length) {
    return;
  }
  let row = params.heads * params.quads;
  let base = batch * params.length * 3u * row + head * params.quads;
  let k = base + key * 3u * row + row;
  let statistic = (batch * params.heads + head) * params.length;
  var d_k = vec4f();
  var d_v = vec4f();
  for (var query = select(0u, key, params.causal == 1u); query < params.length; query++) {
    let q = base + query * 3u * row;
    let g = (batch * params.length + query) * row + head * params.quads;
    var score = 0.0;
    var d_p = 0.0;
    for (var i = 0u; i < params.quads; i++) {
      score += dot(qkv[q + i], qkv[k + i]);
      d_p += dot(grad[g + i], qkv[k + row + i]);
    }
    let p = exp(params.scale * score - log_sum_exp[statistic + query]);
    d_v += p * grad[g + quad];
    d_k += p * (d_p - delta[statistic + query]) * qkv[q + quad];
  }
  d_qkv[k + quad] = params.scale * d_k;
  d_qkv[k + row + quad] = d_v;
}
