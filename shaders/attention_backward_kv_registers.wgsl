// Gradient of attention.wgsl by keys and values, as attention_backward_kv.wgsl, which gives formula and shapes.
// The variant for software adapters: one invocation owns 8 keys and goes through the queries 16 at a time, as
// attention_registers.wgsl. The two are 40 to 49 times as fast as the references on lavapipe:
// bench/kernels/attention.bench.ts. Caller: src/kernels/attention.ts.
// Loops: (length / 16 + 1) * (2 * quads + 1) where length * (quads + 1) <= 64000, quads <= 32

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Width of one head / 4, at most 32.
  quads: u32,
  // Groups of 8 rows in all heads of all batches: numbered through, so that short sequences fill their workgroups. A launch
  // does those from first on, below owners.
  first: u32,
  owners: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_qkv: array<vec4f>;

const WORKGROUP: u32 = 8u;

// <paste rows_of_qkv>
// Column i is row first + i of the matrix at `base`, four columns of it; rows beyond the end repeat the last.
fn rows_of_qkv(base: u32, stride: u32, first: u32) -> mat4x4f {
  let last = params.length - 1u;
  return mat4x4f(
    qkv[base + min(first, last) * stride],
    qkv[base + min(first + 1u, last) * stride],
    qkv[base + min(first + 2u, last) * stride],
    qkv[base + min(first + 3u, last) * stride],
  );
}
// </paste>

// <paste rows_of_grad>
fn rows_of_grad(base: u32, stride: u32, first: u32) -> mat4x4f {
  let last = params.length - 1u;
  return mat4x4f(
    grad[base + min(first, last) * stride],
    grad[base + min(first + 1u, last) * stride],
    grad[base + min(first + 2u, last) * stride],
    grad[base + min(first + 3u, last) * stride],
  );
}
// </paste>

// <paste times>
// Sixteen dot products with one row: element [j][i] is x . b_j[i].
fn times(x: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
  return mat4x4f(x * b0, x * b1, x * b2, x * b3);
}
// </paste>

// <paste mix>
// The sum of sixteen rows (the columns of b_j), each times one element of w.
fn mix(w: mat4x4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> vec4f {
  return b0 * w[0] + b1 * w[1] + b2 * w[2] + b3 * w[3];
}
// </paste>

// log_sum_exp and delta of sixteen queries.
struct Queries {
  first: u32,
  log_sum: mat4x4f,
  delta: mat4x4f,
}

fn log_sums(statistic: u32, query: u32) -> vec4f {
  let last = params.length - 1u;
  return vec4f(
    log_sum_exp[statistic + min(query, last)],
    log_sum_exp[statistic + min(query + 1u, last)],
    log_sum_exp[statistic + min(query + 2u, last)],
    log_sum_exp[statistic + min(query + 3u, last)],
  );
}

fn deltas(statistic: u32, query: u32) -> vec4f {
  let last = params.length - 1u;
  return vec4f(
    delta[statistic + min(query, last)],
    delta[statistic + min(query + 1u, last)],
    delta[statistic + min(query + 2u, last)],
    delta[statistic + min(query + 3u, last)],
  );
}

fn statistics(at: u32, query: u32) -> Queries {
  return Queries(
    query,
    mat4x4f(log_sums(at, query), log_sums(at, query + 4u), log_sums(at, query + 8u), log_sums(at, query + 12u)),
    mat4x4f(deltas(at, query), deltas(at, query + 4u), deltas(at, query + 8u), deltas(at, query + 12u)),
  );
}

// Weight of one key in sixteen queries; zero in those that do not see it.
fn weigh(queries: Queries, dots: mat4x4f, key: u32) -> mat4x4f {
  return mat4x4f(
    weigh4(dots[0], queries.log_sum[0], queries.first, key),
    weigh4(dots[1], queries.log_sum[1], queries.first + 4u, key),
    weigh4(dots[2], queries.log_sum[2], queries.first + 8u, key),
    weigh4(dots[3], queries.log_sum[3], queries.first + 12u, key),
  );
}

fn weigh4(dots: vec4f, log_sum: vec4f, first: u32, key: u32) -> vec4f {
  let query = vec4u(first, first + 1u, first + 2u, first + 3u);
  let seen = (query < vec4u(params.length)) & ((query >= vec4u(key)) | vec4<bool>(params.causal == 0u));
  return exp(select(vec4f(-1e30), params.scale * dots - log_sum, seen));
}

// Gradient of the sixteen scores before scaling.
fn slope(queries: Queries, p: mat4x4f, d_p: mat4x4f) -> mat4x4f {
  return mat4x4f(
    params.scale * p[0] * (d_p[0] - queries.delta[0]),
    params.scale * p[1] * (d_p[1] - queries.delta[1]),
    params.scale * p[2] * (d_p[2] - queries.delta[2]),
    params.scale * p[3] * (d_p[3] - queries.delta[3]),
  );
}

// The unfinished gradients lie in d_qkv; the first queries replace what is there.
fn fold(at: u32, key: u32, first: bool, more: vec4f) {
  if (key < params.length) {
    d_qkv[at] = select(d_qkv[at], vec4f(), first) + more;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let owner = params.first + id.y * (groups.x * WORKGROUP) + id.x;
  if (owner >= params.owners) {
    return;
  }
  let each = (params.length + 7u) / 8u;
  let key = (owner % each) * 8u;
  let head = (owner / each) % params.heads;
  let batch = owner / (each * params.heads);
  let row = params.heads * params.quads;
  let stride = 3u * row;
  let base = batch * params.length * stride + head * params.quads;
  let at = batch * params.length * row + head * params.quads;
  let statistic = (batch * params.heads + head) * params.length;
  let k_at = base + key * stride + row;
  let v_at = k_at + row;
  let start = select(0u, key, params.causal == 1u);
  for (var query = start; query < params.length; query += 16u) {
    let first = query == start;
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    var s3 = mat4x4f();
    var s4 = mat4x4f();
    var s5 = mat4x4f();
    var s6 = mat4x4f();
    var s7 = mat4x4f();
    var d0 = mat4x4f();
    var d1 = mat4x4f();
    var d2 = mat4x4f();
    var d3 = mat4x4f();
    var d4 = mat4x4f();
    var d5 = mat4x4f();
    var d6 = mat4x4f();
    var d7 = mat4x4f();
    for (var quad = 0u; quad < params.quads; quad++) {
      let q = base + quad;
      let q0 = rows_of_qkv(q, stride, query);
      let q1 = rows_of_qkv(q, stride, query + 4u);
      let q2 = rows_of_qkv(q, stride, query + 8u);
      let q3 = rows_of_qkv(q, stride, query + 12u);
      let x = rows_of_qkv(q + row, stride, key);
      let y = rows_of_qkv(q + row, stride, key + 4u);
      s0 += times(x[0], q0, q1, q2, q3);
      s1 += times(x[1], q0, q1, q2, q3);
      s2 += times(x[2], q0, q1, q2, q3);
      s3 += times(x[3], q0, q1, q2, q3);
      s4 += times(y[0], q0, q1, q2, q3);
      s5 += times(y[1], q0, q1, q2, q3);
      s6 += times(y[2], q0, q1, q2, q3);
      s7 += times(y[3], q0, q1, q2, q3);
      let g0 = rows_of_grad(at + quad, row, query);
      let g1 = rows_of_grad(at + quad, row, query + 4u);
      let g2 = rows_of_grad(at + quad, row, query + 8u);
      let g3 = rows_of_grad(at + quad, row, query + 12u);
      let v = rows_of_qkv(q + 2u * row, stride, key);
      let w = rows_of_qkv(q + 2u * row, stride, key + 4u);
      d0 += times(v[0], g0, g1, g2, g3);
      d1 += times(v[1], g0, g1, g2, g3);
      d2 += times(v[2], g0, g1, g2, g3);
      d3 += times(v[3], g0, g1, g2, g3);
      d4 += times(w[0], g0, g1, g2, g3);
      d5 += times(w[1], g0, g1, g2, g3);
      d6 += times(w[2], g0, g1, g2, g3);
      d7 += times(w[3], g0, g1, g2, g3);
    }
    let queries = statistics(statistic, query);
    s0 = weigh(queries, s0, key);
    s1 = weigh(queries, s1, key + 1u);
    s2 = weigh(queries, s2, key + 2u);
    s3 = weigh(queries, s3, key + 3u);
    s4 = weigh(queries, s4, key + 4u);
    s5 = weigh(queries, s5, key + 5u);
    s6 = weigh(queries, s6, key + 6u);
    s7 = weigh(queries, s7, key + 7u);
    d0 = slope(queries, s0, d0);
    d1 = slope(queries, s1, d1);
    d2 = slope(queries, s2, d2);
    d3 = slope(queries, s3, d3);
    d4 = slope(queries, s4, d4);
    d5 = slope(queries, s5, d5);
    d6 = slope(queries, s6, d6);
    d7 = slope(queries, s7, d7);
    for (var quad = 0u; quad < params.quads; quad++) {
      let q = base + quad;
      let q0 = rows_of_qkv(q, stride, query);
      let q1 = rows_of_qkv(q, stride, query + 4u);
      let q2 = rows_of_qkv(q, stride, query + 8u);
      let q3 = rows_of_qkv(q, stride, query + 12u);
      fold(k_at + quad, key, first, mix(d0, q0, q1, q2, q3));
      fold(k_at + stride + quad, key + 1u, first, mix(d1, q0, q1, q2, q3));
      fold(k_at + 2u * stride + quad, key + 2u, first, mix(d2, q0, q1, q2, q3));
      fold(k_at + 3u * stride + quad, key + 3u, first, mix(d3, q0, q1, q2, q3));
      fold(k_at + 4u * stride + quad, key + 4u, first, mix(d4, q0, q1, q2, q3));
      fold(k_at + 5u * stride + quad, key + 5u, first, mix(d5, q0, q1, q2, q3));
      fold(k_at + 6u * stride + quad, key + 6u, first, mix(d6, q0, q1, q2, q3));
      fold(k_at + 7u * stride + quad, key + 7u, first, mix(d7, q0, q1, q2, q3));
      let g0 = rows_of_grad(at + quad, row, query);
      let g1 = rows_of_grad(at + quad, row, query + 4u);
      let g2 = rows_of_grad(at + quad, row, query + 8u);
      let g3 = rows_of_grad(at + quad, row, query + 12u);
      fold(v_at + quad, key, first, mix(s0, g0, g1, g2, g3));
      fold(v_at + stride + quad, key + 1u, first, mix(s1, g0, g1, g2, g3));
      fold(v_at + 2u * stride + quad, key + 2u, first, mix(s2, g0, g1, g2, g3));
      fold(v_at + 3u * stride + quad, key + 3u, first, mix(s3, g0, g1, g2, g3));
      fold(v_at + 4u * stride + quad, key + 4u, first, mix(s4, g0, g1, g2, g3));
      fold(v_at + 5u * stride + quad, key + 5u, first, mix(s5, g0, g1, g2, g3));
      fold(v_at + 6u * stride + quad, key + 6u, first, mix(s6, g0, g1, g2, g3));
      fold(v_at + 7u * stride + quad, key + 7u, first, mix(s7, g0, g1, g2, g3));
    }
  }
}
