// One half of each InfoNCE term: for row r < batch of the cosines (image r against all texts), then for column r - batch
// (text against all images): log_sum_exp[r] = log sum exp(s c), parts[r] = log_sum_exp[r] - mean of s c over the pairs
// that belong together, s = exp(log_scale). cosine [batch, batch]; log_scale [1]; group [batch] numbers the captions,
// share [batch] = 1 / number of pairs with that caption; parts, log_sum_exp [2 batch]. Caller: src/kernels/info_nce.ts.
// Loops: 2 * batch where batch <= 4096

struct Params {
  batch: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cosine: array<f32>;
@group(0) @binding(2) var<storage, read> log_scale: array<f32>;
@group(0) @binding(3) var<storage, read> group: array<u32>;
@group(0) @binding(4) var<storage, read> share: array<f32>;
@group(0) @binding(5) var<storage, read_write> parts: array<f32>;
@group(0) @binding(6) var<storage, read_write> log_sum_exp: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let batch = params.batch;
  let r = id.x;
  if (r >= 2u * batch) {
    return;
  }
  let column = r >= batch;
  let k = select(r, r - batch, column);
  let first = select(k * batch, k, column);
  let step = select(1u, batch, column);
  let scale = exp(log_scale[0]);
  var most = cosine[first];
  for (var i = 1u; i < batch; i++) {
    most = max(most, cosine[first + i * step]);
  }
  var sum = 0.0;
  var hits = 0.0;
  for (var i = 0u; i < batch; i++) {
    let c = cosine[first + i * step];
    sum += exp(scale * (c - most));
    hits += select(0.0, c, group[i] == group[k]);
  }
  let all = scale * most + log(sum);
  log_sum_exp[r] = all;
  parts[r] = all - scale * hits * share[k];
}
