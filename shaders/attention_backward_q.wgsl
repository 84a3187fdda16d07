// Gradient of attention.wgsl by the queries: the reference, one invocation per query, head and four columns.
// p = exp(scale * q k^T - log_sum_exp), d_p = grad v^T, delta = sum over columns of grad * out (one number per query, written
// for attention_backward_kv.wgsl), d_q = scale * (p * (d_p - delta)) k.
// grad, out [B, length, W]; qkv, d_qkv [B, length, 3 W], of which the query third is written; log_sum_exp, delta
// [B, heads, length]. Caller: src/kernels/attention.ts.
// Loops: length * (quads + 1) + quads where length * (quads + 1) <= 64000

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
@group(0) @binding(3) var<storage, read> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_qkv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let query = id.x / params.quads;
  let quad = id.x % params.quads;
  let head = (params.first + id.y) % params.heads;
  let batch = (params.first + id.y) / params.heads;
  if (query >= params.length) {
    return;
  }
  let row = params.heads * params.quads;
  let base = batch * params.length * 3u * row + head * params.quads;
  let q = base + query * 3u * row;
  let g = (batch * params.length + query) * row + head * params.quads;
  let statistic = (batch * params.heads + head) * params.length + query;
  var own_delta = 0.0;
  for (var i = 0u; i < params.quads; i++) {
    own_delta += dot(grad[g + i], out[g + i]);
  }
  let keys = select(params.length, query + 1u, params.causal == 1u);
  var sum = vec4f();
  for (var key = 0u; key < keys; key++) {
    let k = base + key * 3u * row + row;
    var score = 0.0;
    var d_p = 0.0;
    for (var i = 0u; i < params.quads; i++) {
      score += dot(qkv[q + i], qkv[k + i]);
      d_p += dot(grad[g + i], qkv[k + row + i]);
    }
    let p = exp(params.scale * score - log_sum_exp[statistic]);
    sum += p * (d_p - own_delta) * qkv[k + quad];
  }
  d_qkv[q + quad] = params.scale * sum;
  if (quad == 0u) {
    delta[statistic] = own_delta;
  }
}
