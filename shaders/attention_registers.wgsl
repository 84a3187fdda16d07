// out = softmax(scale * q k^T) v for every head, as attention.wgsl, which gives the shapes.
// The variant for software adapters: one invocation owns 8 queries of a head and goes through the keys 16 at a time. The 8 x 16
// scores live in named mat4x4f variables (see matmul_registers.wgsl), so a loaded quad serves 32 or 64 multiplications;
// the 8 unfinished rows lie in out itself and are read and written once per 16 keys. (In an indexed private array they
// were up to twice as fast, but lavapipe compiled for half a minute.)
// 64 times as fast as attention.wgsl on lavapipe: bench/kernels/attention.bench.ts. Caller: src/kernels/attention.ts.
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
  // Tokens that are seen, at most length.
  keys: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;

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

// Weights exp(score - top) of one row for sixteen keys, the running maximum and sum, and what older sums shrink by (-1 when there are none).
struct Row {
  weights: mat4x4f,
  top: f32,
  sum: f32,
  fade: f32,
}

fn soften(old: Row, dots: mat4x4f, key: u32, keys: u32) -> Row {
  let place = vec4u(key, key + 1u, key + 2u, key + 3u);
  let masked = vec4f(-1e30);
  let s0 = select(masked, params.scale * dots[0], place < vec4u(keys));
  let s1 = select(masked, params.scale * dots[1], place + 4u < vec4u(keys));
  let s2 = select(masked, params.scale * dots[2], place + 8u < vec4u(keys));
  let s3 = select(masked, params.scale * dots[3], place + 12u < vec4u(keys));
  let highest = max(max(s0, s1), max(s2, s3));
  let top = max(old.top, max(max(highest.x, highest.y), max(highest.z, highest.w)));
  let weights = mat4x4f(exp(s0 - top), exp(s1 - top), exp(s2 - top), exp(s3 - top));
  let fade = select(exp(old.top - top), -1.0, key == 0u);
  let sum = old.sum * fade + dot(weights[0] + weights[1] + weights[2] + weights[3], vec4f(1.0));
  return Row(weights, top, sum, fade);
}

fn fold(at: u32, query: u32, fade: f32, more: vec4f) {
  if (query < params.length) {
    out[at] = select(out[at] * fade, vec4f(), fade < 0.0) + more;
  }
}

// <paste finish>
fn finish(row: Row, query: u32, at: u32, statistic: u32) {
  if (query >= params.length) {
    return;
  }
  for (var quad = 0u; quad < params.quads; quad++) {
    out[at + quad] /= row.sum;
  }
  log_sum_exp[statistic + query] = row.top + log(row.sum);
}
// </paste>

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
  let at = (batch * params.length + q0) * row + head * params.quads;
  let base = batch * params.length * stride + head * params.quads;
  let causal = params.causal == 1u;
  let keys = select(params.keys, min(q0 + 8u, params.length), causal);
  var r0 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r1 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r2 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r3 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r4 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r5 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r6 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  var r7 = Row(mat4x4f(), -1e30, 0.0, 0.0);
  for (var key = 0u; key < keys; key += 16u) {
    var s0 = mat4x4f();
    var s1 = mat4x4f();
    var s2 = mat4x4f();
    var s3 = mat4x4f();
    var s4 = mat4x4f();
    var s5 = mat4x4f();
    var s6 = mat4x4f();
    var s7 = mat4x4f();
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
    }
    r0 = soften(r0, s0, key, select(keys, min(q0 + 1u, params.length), causal));
    r1 = soften(r1, s1, key, select(keys, min(q0 + 2u, params.length), causal));
    r2 = soften(r2, s2, key, select(keys, min(q0 + 3u, params.length), causal));
    r3 = soften(r3, s3, key, select(keys, min(q0 + 4u, params.length), causal));
    r4 = soften(r4, s4, key, select(keys, min(q0 + 5u, params.length), causal));
    r5 = soften(r5, s5, key, select(keys, min(q0 + 6u, params.length), causal));
    r6 = soften(r6, s6, key, select(keys, min(q0 + 7u, params.length), causal));
    r7 = soften(r7, s7, key, select(keys, min(q0 + 8u, params.length), causal));
    for (var quad = 0u; quad < params.quads; quad++) {
      let v = base + 2u * row + quad;
      let v0 = rows_of_qkv(v, stride, key);
      let v1 = rows_of_qkv(v, stride, key + 4u);
      let v2 = rows_of_qkv(v, stride, key + 8u);
      let v3 = rows_of_qkv(v, stride, key + 12u);
      fold(at + quad, q0, r0.fade, mix(r0.weights, v0, v1, v2, v3));
      fold(at + row + quad, q0 + 1u, r1.fade, mix(r1.weights, v0, v1, v2, v3));
      fold(at + 2u * row + quad, q0 + 2u, r2.fade, mix(r2.weights, v0, v1, v2, v3));
      fold(at + 3u * row + quad, q0 + 3u, r3.fade, mix(r3.weights, v0, v1, v2, v3));
      fold(at + 4u * row + quad, q0 + 4u, r4.fade, mix(r4.weights, v0, v1, v2, v3));
      fold(at + 5u * row + quad, q0 + 5u, r5.fade, mix(r5.weights, v0, v1, v2, v3));
      fold(at + 6u * row + quad, q0 + 6u, r6.fade, mix(r6.weights, v0, v1, v2, v3));
      fold(at + 7u * row + quad, q0 + 7u, r7.fade, mix(r7.weights, v0, v1, v2, v3));
    }
  }
  let statistic = (batch * params.heads + head) * params.length;
  finish(r0, q0, at, statistic);
  finish(r1, q0 + 1u, at + row, statistic);
  finish(r2, q0 + 2u, at + 2u * row, statistic);
  finish(r3, q0 + 3u, at + 3u * row, statistic);
  finish(r4, q0 + 4u, at + 4u * row, statistic);
  finish(r5, q0 + 5u, at + 5u * row, statistic);
  finish(r6, q0 + 6u, at + 6u * row, statistic);
  finish(r7, q0 + 7u, at + 7u * row, statistic);
}
