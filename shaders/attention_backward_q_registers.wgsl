// Gradient of attention.wgsl by the queries, as attention_backward_q.wgsl, which gives formula and shapes.
// The variant for software adapters: one invocation owns 8 queries and goes through the keys 16 at a time, as
// attention_registers.wgsl. The two are 40 to 49 times as fast as the references on lavapipe:
// bench/kernels/attention.bench.ts. Caller: src/kernels/attention.ts.
// Loops: (length / 16 + 1) * (2 * quads + 1) + 8 * quads where length * (quads + 1) <= 64000, quads <= 32

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
@group(0) @binding(3) var<storage, read> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_qkv: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;

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

// log_sum_exp and delta of one query, and how many keys it sees.
struct Row {
  log_sum: f32,
  delta: f32,
  keys: u32,
}

fn start(query: u32, at: u32, statistic: u32) -> Row {
  let own = min(query, params.length - 1u);
  let base = at + own * params.heads * params.quads;
  var sum = 0.0;
  for (var quad = 0u; quad < params.quads; quad++) {
    sum += dot(grad[base + quad], out[base + quad]);
  }
  delta[statistic + own] = sum;
  return Row(log_sum_exp[statistic + own], sum, select(params.length, own + 1u, params.causal == 1u));
}

// scale * p * (d_p - delta) for sixteen keys; zero for those that the query does not see.
fn slope(row: Row, dots: mat4x4f, d_p: mat4x4f, key: u32) -> mat4x4f {
  return mat4x4f(
    slope4(row, dots[0], d_p[0], key),
    slope4(row, dots[1], d_p[1], key + 4u),
    slope4(row, dots[2], d_p[2], key + 8u),
    slope4(row, dots[3], d_p[3], key + 12u),
  );
}

fn slope4(row: Row, dots: vec4f, d_p: vec4f, key: u32) -> vec4f {
  let seen = vec4u(key, key + 1u, key + 2u, key + 3u) < vec4u(row.keys);
  let p = exp(select(vec4f(-1e30), params.scale * dots - row.log_sum, seen));
  return params.scale * p * (d_p - row.delta);
}

// The unfinished gradient lies in d_qkv; the first keys replace what is there.
fn fold(at: u32, query: u32, key: u32, more: vec4f) {
  if (query < params.length) {
    d_qkv[at] = select(d_qkv[at], vec4f(), key == 0u) + more;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let owner = params.first + id.y * (groups.x * WORKGROUP) + id.x;
  if (owner >= params.owners) {
    return;
  }
  let each = (params.length + 7u) / 8u;
  let q0 = (owner % each) * 8u;
  let head = (owner / each) % params.heads;
  let batch = owner / (each * params.heads);
  let row = params.heads * params.quads;
  let stride = 3u * row;
  let base = batch * params.length * stride + head * params.quads;
  let at = batch * params.length * row + head * params.quads;
  let statistic = (batch * params.heads + head) * params.length;
  let keys = select(params.length, min(q0 + 8u, params.length), params.causal == 1u);
  let r0 = start(q0, at, statistic);
  let r1 = start(q0 + 1u, at, statistic);
  let r2 = start(q0 + 2u, at, statistic);
  let r3 = start(q0 + 3u, at, statistic);
  let r4 = start(q0 + 4u, at, statistic);
  let r5 = start(q0 + 5u, at, statistic);
  let r6 = start(q0 + 6u, at, statistic);
  let r7 = start(q0 + 7u, at, statistic);
  for (var key = 0u; key < keys; key += 16u) {
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
      let k = base + row + quad;
      let k0 = rows_of_qkv(k, stride, key);
      let k1 = rows_of_qkv(k, stride, key + 4u);
      let k2 = rows_of_qkv(k, stride, key + 8u);
      let k3 = rows_of_qkv(k, stride, key + 12u);
      let x = rows_of_qkv(base + quad, stride, q0);
      let y = rows_of_qkv(base + quad, stride, q0 + 4u);
      s0 += times(x[0], k0, k1, k2, k3);
      s1 += times(x[1], k0, k1, k2, k3);
      s2 += times(x[2], k0, k1, k2, k3);
      s3 += times(x[3], k0, k1, k2, k3);
      s4 += times(y[0], k0, k1, k2, k3);
      s5 += times(y[1], k0, k1, k2, k3);
      s6 += times(y[2], k0, k1, k2, k3);
      s7 += times(y[3], k0, k1, k2, k3);
      let v = base + 2u * row + quad;
      let v0 = rows_of_qkv(v, stride, key);
      let v1 = rows_of_qkv(v, stride, key + 4u);
      let v2 = rows_of_qkv(v, stride, key + 8u);
      let v3 = rows_of_qkv(v, stride, key + 12u);
      let g = rows_of_grad(at + quad, row, q0);
      let h = rows_of_grad(at + quad, row, q0 + 4u);
      d0 += times(g[0], v0, v1, v2, v3);
      d1 += times(g[1], v0, v1, v2, v3);
      d2 += times(g[2], v0, v1, v2, v3);
      d3 += times(g[3], v0, v1, v2, v3);
      d4 += times(h[0], v0, v1, v2, v3);
      d5 += times(h[1], v0, v1, v2, v3);
      d6 += times(h[2], v0, v1, v2, v3);
      d7 += times(h[3], v0, v1, v2, v3);
    }
    s0 = slope(r0, s0, d0, key);
    s1 = slope(r1, s1, d1, key);
    s2 = slope(r2, s2, d2, key);
    s3 = slope(r3, s3, d3, key);
    s4 = slope(r4, s4, d4, key);
    s5 = slope(r5, s5, d5, key);
    s6 = slope(r6, s6, d6, key);
    s7 = slope(r7, s7, d7, key);
    for (var quad = 0u; quad < params.quads; quad++) {
      let k = base + row + quad;
      let k0 = rows_of_qkv(k, stride, key);
      let k1 = rows_of_qkv(k, stride, key + 4u);
      let k2 = rows_of_qkv(k, stride, key + 8u);
      let k3 = rows_of_qkv(k, stride, key + 12u);
      fold(base + q0 * stride + quad, q0, key, mix(s0, k0, k1, k2, k3));
      fold(base + (q0 + 1u) * stride + quad, q0 + 1u, key, mix(s1, k0, k1, k2, k3));
      fold(base + (q0 + 2u) * stride + quad, q0 + 2u, key, mix(s2, k0, k1, k2, k3));
      fold(base + (q0 + 3u) * stride + quad, q0 + 3u, key, mix(s3, k0, k1, k2, k3));
      fold(base + (q0 + 4u) * stride + quad, q0 + 4u, key, mix(s4, k0, k1, k2, k3));
      fold(base + (q0 + 5u) * stride + quad, q0 + 5u, key, mix(s5, k0, k1, k2, k3));
      fold(base + (q0 + 6u) * stride + quad, q0 + 6u, key, mix(s6, k0, k1, k2, k3));
      fold(base + (q0 + 7u) * stride + quad, q0 + 7u, key, mix(s7, k0, k1, k2, k3));
    }
  }
}
