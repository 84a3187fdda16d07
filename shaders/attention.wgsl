// out = softmax(scale * q k^T) v for every head: the reference, one invocation per query, head and four columns of out.
// qkv [B, length, 3 W]: queries, keys, values side by side, W = 4 * heads * quads; out [B, length, W];
// log_sum_exp [B, heads, length] is kept for the backward. The softmax keeps a running maximum and sum, so no score is
// stored; with causal = 1 a query sees keys up to its own place, else the first `keys`. Caller: src/kernels/attention.ts.
// Loops: length * (quads + 1) where length * (quads + 1) <= 64000

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Width of one head / 4.
  quads: u32,
  // Tokens that are seen, at most length.
  keys: u32,
  // Heads of all batches are numbered through; a launch does those from this one on.
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;

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
  let keys = select(params.keys, query + 1u, params.causal == 1u);
  var top = -1e30;
  var sum = 0.0;
  var mean = vec4f();
  for (var key = 0u; key < keys; key++) {
    let k = base + key * 3u * row + row;
    var score = 0.0;
    for (var i = 0u; i < params.quads; i++) {
      score += dot(qkv[q + i], qkv[k + i]);
    }
    score *= params.scale;
    let higher = max(top, score);
    let fade = exp(top - higher);
    let weight = exp(score - higher);
    sum = sum * fade + weight;
    mean = mean * fade + weight * qkv[k + row + quad];
    top = higher;
  }
  out[(batch * params.length + query) * row + head * params.quads + quad] = mean / sum;
  if (quad == 0u) {
    log_sum_exp[(batch * params.heads + head) * params.length + query] = top + log(sum);
  }
}
