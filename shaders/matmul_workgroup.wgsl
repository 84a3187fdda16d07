// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The variant for real GPUs: 2 TILE invocations compute TILE x TILE results together, each 8 rows by TILE / 16 columns. They load 32
// columns of op(a) and 32 rows of op(b) at a time into registers, a block of 4 x 4 of each an invocation, neighbours neighbouring
// addresses (128 bytes of a row), and pass them on through workgroup memory in two halves, the first and then the last two of each
// four k. What is loaded next comes while the second half is summed. Rows and columns beyond the edges are computed
// and not stored, so the loop has no branch; k beyond the end counts as zero, in a last round of its own. Rows start on 16 bytes.
// What AMD's compiler makes of it: `npm run isa matmul_workgroup`. Caller: src/kernels/matmul_launch.ts.
// Loops: slice * 33 / 32 + 100 where slice <= 32768

struct Params {
  m: u32,
  n: u32,
  k: u32,
  batches: u32,
  a_start: u32,
  a_stride: u32,
  a_batch: u32,
  b_start: u32,
  b_stride: u32,
  b_batch: u32,
  out_start: u32,
  out_stride: u32,
  slice: u32,
  bias_rows: u32,
  // bits 0-1 activation (1 relu, 2 gelu, 3 quickgelu), 4 bias, 8 residual, 16 add to out; 5-6 the kind of which the slope at the
  // residual is a factor, in place of the sum
  epilogue: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4u>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
// b once more: four numbers of two bytes are two words, of which a load of four would take half.
@group(0) @binding(6) var<storage, read> b_pairs: array<vec2u>;

// 128 or 64.
const TILE: u32 = 128u;
const TRANSPOSE_A: u32 = 0u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;
// Rows of workgroup memory: k of a half.
const DEPTH: u32 = 16u;
// Rows that are summed before the next loads begin.
const AHEAD: u32 = 8u;
const QUADS: u32 = TILE / 4u;
const ROWS: u32 = TILE / 8u;
const COLUMN_QUADS: u32 = TILE / 64u;
const PAD: u32 = 2u - COLUMN_QUADS;
const CROSS: u32 = 3u - 3u * PAD;

// [half of 16 k][k][half of the rows or columns][four of them]. Neighbours write different k; so that they do not meet in one
// memory bank, rows of a tile of 64 are padded, and of one of 128, for which that would be too much, the last index is crossed
// with k.
var<workgroup> a_tile: array<array<array<array<vec4f, ROWS + PAD>, 2>, 8>, 2>;
var<workgroup> b_tile: array<array<array<array<vec4f, 16u + PAD>, COLUMN_QUADS>, 8>, 2>;

// Of this invocation: what it loaded, element [k][i]; sums of row i in [2 i] and, of a tile of 128, [2 i + 1].
var<private> from_a: mat4x4f;
var<private> from_b: mat4x4f;
var<private> sums: array<vec4f, 16>;

// <paste normal_cdf vec4f>
// Phi(a) = (1 + erf(a / sqrt 2)) / 2; WGSL has no erf. -ln(2 Phi(-|a|)) / |a| is smooth and is replaced by a polynomial,
// a weighted minimax fit on [0, 6]: its error is 1.6e-8 of Phi, the whole about 5e-8, and Phi(-a) keeps its small values.
fn normal_cdf(a: vec4f) -> vec4f {
  let t = abs(a);
  var q = t * 1.96499604e-6 - 2.72944362e-5;
  q = q * t + 1.29050139e-4;
  q = q * t + 9.49169917e-5;
  q = q * t - 4.89598932e-3;
  q = q * t + 3.63875777e-2;
  q = q * t + 0.318298876;
  q = q * t + 0.797885299;
  let tail = 0.5 * exp(-min(q * t, vec4f(80.0)));
  return select(tail, 1.0 - tail, a >= vec4f(0.0));
}
// </paste>

// <paste activate vec4f>
// The activation of an epilogue; exp stays finite.
fn activate(x: vec4f) -> vec4f {
  switch (params.epilogue & 3u) {
    case 1u: { return max(x, vec4f(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, vec4f(80.0)))); }
    default: { return x; }
  }
}
// </paste>

// Numbers 4 q … 4 q + 3 of b.
fn quad_of_b(q: u32) -> vec4f {
  if (B_FORMAT == 0u) {
    return bitcast<vec4f>(b[q]);
  }
  let pairs = b_pairs[q];
  if (B_FORMAT == 1u) {
    return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
  }
  return bitcast<vec4f>(vec4u(pairs.x << 16u, pairs.x & 0xffff0000u, pairs.y << 16u, pairs.y & 0xffff0000u));
}

// The block of 4 x 4 that an invocation loads of an operand and where it puts it.
struct Block {
  // Its four of 32 k, and its four rows or columns of the tile.
  k: u32,
  quad: u32,
  // In workgroup memory.
  half: u32,
  place: u32,
  // Its first four values at k = 0, and from there to those of the next three rows, in fours.
  at: u32,
  next: vec3u,
}

fn block_of(local: u32, k_contiguous: bool, quads_each: u32) -> Block {
  let k = select(local / QUADS, local % 8u, k_contiguous);
  let quad = select(local % QUADS, local / 8u, k_contiguous);
  return Block(k, quad, quad / quads_each, (quad % quads_each) ^ (k & CROSS), 0u, vec3u());
}

// Loads this invocation's blocks of the 32 k from k0 on, element [k][row or column].
fn load_blocks(x: Block, y: Block, k0: u32) {
  let i = x.at + select(k0 / 4u, k0 * x.next.x, TRANSPOSE_A == 1u);
  let j = y.at + select(k0 * y.next.x, k0 / 4u, TRANSPOSE_B == 1u);
  from_a = mat4x4f(a[i], a[i + x.next.x], a[i + x.next.y], a[i + x.next.z]);
  from_b = mat4x4f(quad_of_b(j), quad_of_b(j + y.next.x), quad_of_b(j + y.next.y), quad_of_b(j + y.next.z));
  if (TRANSPOSE_A == 0u) {
    from_a = transpose(from_a);
  }
  if (TRANSPOSE_B == 1u) {
    from_b = transpose(from_b);
  }
}

// <paste masked>
// A block from k on, with zeros from `last` on.
fn masked(loaded: mat4x4f, k: u32, last: u32) -> mat4x4f {
  let zero = vec4f();
  return mat4x4f(
    select(zero, loaded[0], k < last),
    select(zero, loaded[1], k + 1u < last),
    select(zero, loaded[2], k + 2u < last),
    select(zero, loaded[3], k + 3u < last),
  );
}
// </paste>

// Passes on the first or the last two of each four k.
fn put(half: u32, x: Block, y: Block) {
  a_tile[0][x.k][x.half][x.place] = from_a[2u * half];
  a_tile[1][x.k][x.half][x.place] = from_a[2u * half + 1u];
  b_tile[0][y.k][y.half][y.place] = from_b[2u * half];
  b_tile[1][y.k][y.half][y.place] = from_b[2u * half + 1u];
}

// Four rows of op(a) at one k times the columns of op(b).
fn add_outer(row: u32, x: vec4f, b0: vec4f, b1: vec4f) {
  sums[row] += x.x * b0;
  sums[row + 2u] += x.y * b0;
  sums[row + 4u] += x.z * b0;
  sums[row + 6u] += x.w * b0;
  if (TILE == 128u) {
    sums[row + 1u] += x.x * b1;
    sums[row + 3u] += x.y * b1;
    sums[row + 5u] += x.z * b1;
    sums[row + 7u] += x.w * b1;
  }
}

// k is the place in workgroup memory.
fn add_k(k: u32, x: u32, y: u32) {
  let b0 = b_tile[k / 8u][k % 8u][0][x ^ (k & CROSS)];
  var b1 = vec4f();
  if (TILE == 128u) {
    b1 = b_tile[k / 8u][k % 8u][COLUMN_QUADS - 1u][x ^ (k & CROSS)];
  }
  let a0 = a_tile[k / 8u][k % 8u][0][y ^ (k & CROSS)];
  if (TILE == 128u) {
    add_outer(0u, a0, b0, b1);
    add_outer(8u, a_tile[k / 8u][k % 8u][1][y ^ (k & CROSS)], b0, b1);
    return;
  }
  // What is loaded last is used first, so that one wait is for all. Tiles of 128 have no registers left to hold it.
  let a1 = a_tile[k / 8u][k % 8u][1][y ^ (k & CROSS)];
  add_outer(8u, a1, b0, b1);
  add_outer(0u, a0, b0, b1);
}

// Loops of four rows, which compilers unroll where that pays.
fn add_four(k0: u32, x: u32, y: u32) {
  for (var k = k0; k < k0 + 4u; k++) {
    add_k(k, x, y);
  }
}

fn sum_first(x: u32, y: u32) {
  add_four(0u, x, y);
  add_four(4u, x, y);
}

fn sum_rest(x: u32, y: u32) {
  add_four(8u, x, y);
  add_four(12u, x, y);
}

// <paste joined vec4f>
// A residual is added, or the value is multiplied by the slope of an activation there, as in activation_backward.wgsl.
fn joined(value: vec4f, residual: vec4f) -> vec4f {
  switch ((params.epilogue >> 5u) & 3u) {
    case 1u: { return select(vec4f(0.0), value, residual > vec4f(0.0)); }
    case 2u: {
      let density = 0.398942280 * exp(-min(0.5 * residual * residual, vec4f(80.0)));
      return value * (normal_cdf(residual) + residual * density);
    }
    case 3u: {
      let s = 1.0 / (1.0 + exp(min(-1.702 * residual, vec4f(80.0))));
      return value * (s * (1.0 + 1.702 * residual * (1.0 - s)));
    }
    default: { return value + residual; }
  }
}
// </paste>

// <paste finish_quad>
// Four results of a row with the whole epilogue; those beyond the last column are not stored.
fn finish_quad(out_row: u32, n: u32, sums: vec4f) {
  if (n >= params.n) {
    return;
  }
  let count = min(4u, params.n - n);
  let at = out_row * params.out_stride + params.out_start + n;
  var value = params.alpha * sums;
  if ((params.epilogue & 4u) != 0u) {
    let place = (out_row / params.bias_rows) * params.n + n;
    let last = count - 1u;
    value += vec4f(bias[place], bias[place + min(1u, last)], bias[place + min(2u, last)], bias[place + last]);
  }
  value = activate(value);
  if ((params.epilogue & 8u) != 0u) {
    let last = at + count - 1u;
    value = joined(value, vec4f(residual[at], residual[min(at + 1u, last)], residual[min(at + 2u, last)], residual[last]));
  }
  if ((params.epilogue & 16u) != 0u) {
    let last = at + count - 1u;
    value += vec4f(out[at], out[min(at + 1u, last)], out[min(at + 2u, last)], out[last]);
  }
  out[at] = value.x;
  if (count > 1u) {
    out[at + 1u] = value.y;
  }
  if (count > 2u) {
    out[at + 2u] = value.z;
  }
  if (count > 3u) {
    out[at + 3u] = value.w;
  }
}
// </paste>

@compute @workgroup_size(16, ROWS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  let tiles_m = (params.m + TILE - 1u) / TILE;
  let m0 = (tile % tiles_m) * TILE;
  let n0 = (tile / tiles_m) * TILE;
  if (n0 >= params.n) {
    return;
  }
  let batch = group.z % params.batches;
  let first = (group.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  let whole = first + (last - first) / 32u * 32u;
  var x = block_of(local, TRANSPOSE_A == 0u, ROWS);
  var y = block_of(local, TRANSPOSE_B == 1u, 16u);
  x.next = params.a_stride / 4u * vec3u(1u, 2u, 3u);
  y.next = params.b_stride / 4u * vec3u(1u, 2u, 3u);
  x.at = (params.a_start + batch * params.a_batch) / 4u;
  y.at = (params.b_start + batch * params.b_batch) / 4u;
  x.at += select((m0 + 4u * x.quad) * x.next.x + x.k, 4u * x.k * x.next.x + m0 / 4u + x.quad, TRANSPOSE_A == 1u);
  y.at += select(4u * y.k * y.next.x + n0 / 4u + y.quad, (n0 + 4u * y.quad) * y.next.x + y.k, TRANSPOSE_B == 1u);
  // Asking for the lengths has the buffers' descriptors loaded here and not in every round.
  x.at = min(x.at, arrayLength(&a));
  y.at = min(y.at, select(arrayLength(&b_pairs), arrayLength(&b), B_FORMAT == 0u));
  for (var k = first; k < whole; k += 32u) {
    load_blocks(x, y, k);
    // Of the half before; of the first one zeros, as which workgroup memory begins.
    sum_rest(id.x, id.y);
    workgroupBarrier();
    put(0u, x, y);
    workgroupBarrier();
    sum_first(id.x, id.y);
    sum_rest(id.x, id.y);
    workgroupBarrier();
    put(1u, x, y);
    workgroupBarrier();
    sum_first(id.x, id.y);
  }
  for (var k = AHEAD; k < DEPTH; k++) {
    add_k(k, id.x, id.y);
  }
  if (whole < last) {
    load_blocks(x, y, whole);
    from_a = masked(from_a, whole + 4u * x.k, last);
    from_b = masked(from_b, whole + 4u * y.k, last);
    for (var half = 0u; half < 2u; half++) {
      workgroupBarrier();
      put(0u, x, y);
      workgroupBarrier();
      for (var k = 0u; k < DEPTH; k++) {
        add_k(k, id.x, id.y);
      }
      from_a = mat4x4f(from_a[2], from_a[3], from_a[2], from_a[3]);
      from_b = mat4x4f(from_b[2], from_b[3], from_b[2], from_b[3]);
    }
  }
  // One copy of the epilogue for all: a copy each would be 16 times as long.
  for (var i = 0u; i < 16u; i++) {
    if (TILE == 64u && i % 2u == 1u) {
      continue;
    }
    var sum = sums[0];
    switch (i) {
      case 1u: { sum = sums[1]; }
      case 2u: { sum = sums[2]; }
      case 3u: { sum = sums[3]; }
      case 4u: { sum = sums[4]; }
      case 5u: { sum = sums[5]; }
      case 6u: { sum = sums[6]; }
      case 7u: { sum = sums[7]; }
      case 8u: { sum = sums[8]; }
      case 9u: { sum = sums[9]; }
      case 10u: { sum = sums[10]; }
      case 11u: { sum = sums[11]; }
      case 12u: { sum = sums[12]; }
      case 13u: { sum = sums[13]; }
      case 14u: { sum = sums[14]; }
      case 15u: { sum = sums[15]; }
      default: {}
    }
    let row = i / 2u;
    let m = m0 + row / 4u * (TILE / 2u) + 4u * id.y + row % 4u;
    if (m < params.m) {
      finish_quad(group.z * params.m + m, n0 + i % 2u * 64u + 4u * id.x, sum);
    }
  }
}
