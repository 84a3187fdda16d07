// out = softmax(scale * q k^T) v for every head, as attention.wgsl, which gives the shapes.
// The variant for SwiftShader; matmul_subgroups.wgsl says what counts there. A workgroup is one subgroup of four, which owns 20
// queries of a head, lane l those at l, l + 4, …, and goes through the keys 24 at a time: of keys and values each lane loads
// one row in four and broadcasts it. The 5 x 24 scores of a lane live in named variables, the unfinished rows in out itself.
// At 290 tokens of 16 heads it is 56 times as fast as attention.wgsl and twice as fast as attention_registers.wgsl:
// `npm run bench -- --dawn attention`. Caller: src/kernels/attention.ts.
// Loops: (length / 24 + 1) * (2 * quads + 1) + 5 * quads where length * (quads + 1) <= 64000, quads <= 32

enable subgroups;

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Width of one head / 4, at most 32.
  quads: u32,
  // Groups of 20 rows in all heads of all batches, numbered through. A launch does those from first on, below owners.
  first: u32,
  owners: u32,
  // Tokens that are seen, at most length.
  keys: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;

// Queries of a workgroup.
const ROWS: u32 = 20u;

// Column i is the quad that lane i reads.
fn share(at: u32) -> mat4x4f {
  let own = qkv[at];
  return mat4x4f(
    subgroupBroadcast(own, 0u),
    subgroupBroadcast(own, 1u),
    subgroupBroadcast(own, 2u),
    subgroupBroadcast(own, 3u),
  );
}

// <paste dots>
// x times each of four vectors: element i is x . b[i].
fn dots(x: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(dot(x, b[0]), dot(x, b[1]), dot(x, b[2]), dot(x, b[3]));
}
// </paste>

// Running maximum and sum of one row, and what older sums shrink by.
struct Row {
  top: f32,
  sum: f32,
  fade: f32,
}

// Scaled scores of four keys from `key` on; those that the row does not see are out of the running.
fn seen(dots: vec4f, key: u32, keys: u32) -> vec4f {
  let place = vec4u(key, key + 1u, key + 2u, key + 3u);
  return select(vec4f(-1e30), params.scale * dots, place < vec4u(keys));
}

fn largest(x: vec4f) -> f32 {
  return max(max(x.x, x.y), max(x.z, x.w));
}

// The row before its sum grows, for a new maximum.
fn raise(old: Row, highest: vec4f) -> Row {
  let top = max(old.top, largest(highest));
  let fade = exp(old.top - top);
  return Row(top, old.sum * fade, fade);
}

fn fold(at: u32, query: u32, fade: f32, more: vec4f) {
  if (query < params.length) {
    out[at] = out[at] * fade + more;
  }
}

fn clear(query: u32, at: u32) {
  if (query >= params.length) {
    return;
  }
  for (var quad = 0u; quad < params.quads; quad++) {
    out[at + quad] = vec4f();
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

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
) {
  let owner = params.first + group.y * groups.x + group.x;
  if (owner >= params.owners) {
    return;
  }
  let each = (params.length + ROWS - 1u) / ROWS;
  let q0 = (owner % each) * ROWS;
  let head = (owner / each) % params.heads;
  let batch = owner / (each * params.heads);
  let width = params.heads * params.quads;
  let stride = 3u * width;
  let base = batch * params.length * stride + head * params.quads;
  let at = batch * params.length * width + head * params.quads;
  let last = params.length - 1u;
  let causal = params.causal == 1u;
  let keys = select(params.keys, min(q0 + ROWS, params.length), causal);
  let q0_at = q0 + lane;
  let q1_at = q0 + lane + 4u;
  let q2_at = q0 + lane + 8u;
  let q3_at = q0 + lane + 12u;
  let q4_at = q0 + lane + 16u;
  let q0_row = base + min(q0_at, last) * stride;
  let q1_row = base + min(q1_at, last) * stride;
  let q2_row = base + min(q2_at, last) * stride;
  let q3_row = base + min(q3_at, last) * stride;
  let q4_row = base + min(q4_at, last) * stride;
  let keys0 = select(params.keys, min(q0_at + 1u, params.length), causal);
  let keys1 = select(params.keys, min(q1_at + 1u, params.length), causal);
  let keys2 = select(params.keys, min(q2_at + 1u, params.length), causal);
  let keys3 = select(params.keys, min(q3_at + 1u, params.length), causal);
  let keys4 = select(params.keys, min(q4_at + 1u, params.length), causal);
  var row0 = Row(-1e30, 0.0, 0.0);
  clear(q0_at, at + q0_at * width);
  var row1 = Row(-1e30, 0.0, 0.0);
  clear(q1_at, at + q1_at * width);
  var row2 = Row(-1e30, 0.0, 0.0);
  clear(q2_at, at + q2_at * width);
  var row3 = Row(-1e30, 0.0, 0.0);
  clear(q3_at, at + q3_at * width);
  var row4 = Row(-1e30, 0.0, 0.0);
  clear(q4_at, at + q4_at * width);
  for (var key = 0u; key < keys; key += 24u) {
    let line0 = base + min(key + lane, last) * stride;
    let line1 = base + min(key + lane + 4u, last) * stride;
    let line2 = base + min(key + lane + 8u, last) * stride;
    let line3 = base + min(key + lane + 12u, last) * stride;
    let line4 = base + min(key + lane + 16u, last) * stride;
    let line5 = base + min(key + lane + 20u, last) * stride;
    var s0_0 = vec4f();
    var s0_1 = vec4f();
    var s0_2 = vec4f();
    var s0_3 = vec4f();
    var s0_4 = vec4f();
    var s0_5 = vec4f();
    var s1_0 = vec4f();
    var s1_1 = vec4f();
    var s1_2 = vec4f();
    var s1_3 = vec4f();
    var s1_4 = vec4f();
    var s1_5 = vec4f();
    var s2_0 = vec4f();
    var s2_1 = vec4f();
    var s2_2 = vec4f();
    var s2_3 = vec4f();
    var s2_4 = vec4f();
    var s2_5 = vec4f();
    var s3_0 = vec4f();
    var s3_1 = vec4f();
    var s3_2 = vec4f();
    var s3_3 = vec4f();
    var s3_4 = vec4f();
    var s3_5 = vec4f();
    var s4_0 = vec4f();
    var s4_1 = vec4f();
    var s4_2 = vec4f();
    var s4_3 = vec4f();
    var s4_4 = vec4f();
    var s4_5 = vec4f();
    for (var quad = 0u; quad < params.quads; quad++) {
      let k = width + quad;
      let k0 = share(line0 + k);
      let k1 = share(line1 + k);
      let k2 = share(line2 + k);
      let k3 = share(line3 + k);
      let k4 = share(line4 + k);
      let k5 = share(line5 + k);
      let q0 = qkv[q0_row + quad];
      s0_0 += dots(q0, k0);
      s0_1 += dots(q0, k1);
      s0_2 += dots(q0, k2);
      s0_3 += dots(q0, k3);
      s0_4 += dots(q0, k4);
      s0_5 += dots(q0, k5);
      let q1 = qkv[q1_row + quad];
      s1_0 += dots(q1, k0);
      s1_1 += dots(q1, k1);
      s1_2 += dots(q1, k2);
      s1_3 += dots(q1, k3);
      s1_4 += dots(q1, k4);
      s1_5 += dots(q1, k5);
      let q2 = qkv[q2_row + quad];
      s2_0 += dots(q2, k0);
      s2_1 += dots(q2, k1);
      s2_2 += dots(q2, k2);
      s2_3 += dots(q2, k3);
      s2_4 += dots(q2, k4);
      s2_5 += dots(q2, k5);
      let q3 = qkv[q3_row + quad];
      s3_0 += dots(q3, k0);
      s3_1 += dots(q3, k1);
      s3_2 += dots(q3, k2);
      s3_3 += dots(q3, k3);
      s3_4 += dots(q3, k4);
      s3_5 += dots(q3, k5);
      let q4 = qkv[q4_row + quad];
      s4_0 += dots(q4, k0);
      s4_1 += dots(q4, k1);
      s4_2 += dots(q4, k2);
      s4_3 += dots(q4, k3);
      s4_4 += dots(q4, k4);
      s4_5 += dots(q4, k5);
    }
    s0_0 = seen(s0_0, key, keys0);
    s0_1 = seen(s0_1, key + 4u, keys0);
    s0_2 = seen(s0_2, key + 8u, keys0);
    s0_3 = seen(s0_3, key + 12u, keys0);
    s0_4 = seen(s0_4, key + 16u, keys0);
    s0_5 = seen(s0_5, key + 20u, keys0);
    row0 = raise(row0, max(max(max(max(max(s0_0, s0_1), s0_2), s0_3), s0_4), s0_5));
    s0_0 = exp(s0_0 - row0.top);
    s0_1 = exp(s0_1 - row0.top);
    s0_2 = exp(s0_2 - row0.top);
    s0_3 = exp(s0_3 - row0.top);
    s0_4 = exp(s0_4 - row0.top);
    s0_5 = exp(s0_5 - row0.top);
    row0.sum += dot(s0_0 + s0_1 + s0_2 + s0_3 + s0_4 + s0_5, vec4f(1.0));
    s1_0 = seen(s1_0, key, keys1);
    s1_1 = seen(s1_1, key + 4u, keys1);
    s1_2 = seen(s1_2, key + 8u, keys1);
    s1_3 = seen(s1_3, key + 12u, keys1);
    s1_4 = seen(s1_4, key + 16u, keys1);
    s1_5 = seen(s1_5, key + 20u, keys1);
    row1 = raise(row1, max(max(max(max(max(s1_0, s1_1), s1_2), s1_3), s1_4), s1_5));
    s1_0 = exp(s1_0 - row1.top);
    s1_1 = exp(s1_1 - row1.top);
    s1_2 = exp(s1_2 - row1.top);
    s1_3 = exp(s1_3 - row1.top);
    s1_4 = exp(s1_4 - row1.top);
    s1_5 = exp(s1_5 - row1.top);
    row1.sum += dot(s1_0 + s1_1 + s1_2 + s1_3 + s1_4 + s1_5, vec4f(1.0));
    s2_0 = seen(s2_0, key, keys2);
    s2_1 = seen(s2_1, key + 4u, keys2);
    s2_2 = seen(s2_2, key + 8u, keys2);
    s2_3 = seen(s2_3, key + 12u, keys2);
    s2_4 = seen(s2_4, key + 16u, keys2);
    s2_5 = seen(s2_5, key + 20u, keys2);
    row2 = raise(row2, max(max(max(max(max(s2_0, s2_1), s2_2), s2_3), s2_4), s2_5));
    s2_0 = exp(s2_0 - row2.top);
    s2_1 = exp(s2_1 - row2.top);
    s2_2 = exp(s2_2 - row2.top);
    s2_3 = exp(s2_3 - row2.top);
    s2_4 = exp(s2_4 - row2.top);
    s2_5 = exp(s2_5 - row2.top);
    row2.sum += dot(s2_0 + s2_1 + s2_2 + s2_3 + s2_4 + s2_5, vec4f(1.0));
    s3_0 = seen(s3_0, key, keys3);
    s3_1 = seen(s3_1, key + 4u, keys3);
    s3_2 = seen(s3_2, key + 8u, keys3);
    s3_3 = seen(s3_3, key + 12u, keys3);
    s3_4 = seen(s3_4, key + 16u, keys3);
    s3_5 = seen(s3_5, key + 20u, keys3);
    row3 = raise(row3, max(max(max(max(max(s3_0, s3_1), s3_2), s3_3), s3_4), s3_5));
    s3_0 = exp(s3_0 - row3.top);
    s3_1 = exp(s3_1 - row3.top);
    s3_2 = exp(s3_2 - row3.top);
    s3_3 = exp(s3_3 - row3.top);
    s3_4 = exp(s3_4 - row3.top);
    s3_5 = exp(s3_5 - row3.top);
    row3.sum += dot(s3_0 + s3_1 + s3_2 + s3_3 + s3_4 + s3_5, vec4f(1.0));
    s4_0 = seen(s4_0, key, keys4);
    s4_1 = seen(s4_1, key + 4u, keys4);
    s4_2 = seen(s4_2, key + 8u, keys4);
    s4_3 = seen(s4_3, key + 12u, keys4);
    s4_4 = seen(s4_4, key + 16u, keys4);
    s4_5 = seen(s4_5, key + 20u, keys4);
    row4 = raise(row4, max(max(max(max(max(s4_0, s4_1), s4_2), s4_3), s4_4), s4_5));
    s4_0 = exp(s4_0 - row4.top);
    s4_1 = exp(s4_1 - row4.top);
    s4_2 = exp(s4_2 - row4.top);
    s4_3 = exp(s4_3 - row4.top);
    s4_4 = exp(s4_4 - row4.top);
    s4_5 = exp(s4_5 - row4.top);
    row4.sum += dot(s4_0 + s4_1 + s4_2 + s4_3 + s4_4 + s4_5, vec4f(1.0));
    for (var quad = 0u; quad < params.quads; quad++) {
      let v = 2u * width + quad;
      let v0 = transpose(share(line0 + v));
      let v1 = transpose(share(line1 + v));
      let v2 = transpose(share(line2 + v));
      let v3 = transpose(share(line3 + v));
      let v4 = transpose(share(line4 + v));
      let v5 = transpose(share(line5 + v));
      let more0 = dots(s0_0, v0) + dots(s0_1, v1) + dots(s0_2, v2) + dots(s0_3, v3) + dots(s0_4, v4) + dots(s0_5, v5);
      fold(at + q0_at * width + quad, q0_at, row0.fade, more0);
      let more1 = dots(s1_0, v0) + dots(s1_1, v1) + dots(s1_2, v2) + dots(s1_3, v3) + dots(s1_4, v4) + dots(s1_5, v5);
      fold(at + q1_at * width + quad, q1_at, row1.fade, more1);
      let more2 = dots(s2_0, v0) + dots(s2_1, v1) + dots(s2_2, v2) + dots(s2_3, v3) + dots(s2_4, v4) + dots(s2_5, v5);
      fold(at + q2_at * width + quad, q2_at, row2.fade, more2);
      let more3 = dots(s3_0, v0) + dots(s3_1, v1) + dots(s3_2, v2) + dots(s3_3, v3) + dots(s3_4, v4) + dots(s3_5, v5);
      fold(at + q3_at * width + quad, q3_at, row3.fade, more3);
      let more4 = dots(s4_0, v0) + dots(s4_1, v1) + dots(s4_2, v2) + dots(s4_3, v3) + dots(s4_4, v4) + dots(s4_5, v5);
      fold(at + q4_at * width + quad, q4_at, row4.fade, more4);
    }
  }
  let statistic = (batch * params.heads + head) * params.length;
  finish(row0, q0_at, at + q0_at * width, statistic);
  finish(row1, q1_at, at + q1_at * width, statistic);
  finish(row2, q2_at, at + q2_at * width, statistic);
  finish(row3, q3_at, at + q3_at * width, statistic);
  finish(row4, q4_at, at + q4_at * width, statistic);
}
