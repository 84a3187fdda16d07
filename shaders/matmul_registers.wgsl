// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The variant for software adapters: one invocation owns a tile of TILE_M x TILE_N results and reads op(a) and op(b) as
// vec4, so that a load (a gather there, the dear part) serves 4 TILE_M or 4 TILE_N multiplications; no workgroup memory
// and no barrier. The tile lives in named mat4x4f variables because compilers put indexed private arrays into memory:
// arrays ran 3 to 10 times slower. Four rows by four k are a mat4x4f, so every transposition happens in registers.
// At 290 x 1024 x 1024 it is 24 times as fast as matmul.wgsl on lavapipe (29 GFLOP/s on two cores), 12 times on SwiftShader:
// `npm run bench -- matmul`, with --dawn for SwiftShader. Caller: src/kernels/matmul_launch.ts.
// Strides and starts are multiples of 4; an operand that runs along k is zero beyond k up to a multiple of 4.
// Loops: slice / 4 + 20 where slice <= 32768

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
  // bits 0-1 activation (1 relu, 2 gelu, 3 quickgelu), 4 bias, 8 residual, 16 add to out
  epilogue: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4u>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const WORKGROUP: u32 = 8u;
// 4, 8 or 16 each.
const TILE_M: u32 = 16u;
const TILE_N: u32 = 16u;
const TRANSPOSE_A: u32 = 0u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;

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

// Column i is op(a)[m + i, k … k + 3]. Rows beyond m are clamped (never stored), k beyond the end gives zeros.
fn load_a(base: u32, m: u32, k: u32, end: u32) -> mat4x4f {
  if (TRANSPOSE_A == 1u) {
    let at = base + min(m, params.m - 1u) / 4u;
    let stride = params.a_stride / 4u;
    let zero = vec4f();
    return transpose(mat4x4f(
      a[at + k * stride],
      select(zero, a[at + min(k + 1u, end - 1u) * stride], k + 1u < end),
      select(zero, a[at + min(k + 2u, end - 1u) * stride], k + 2u < end),
      select(zero, a[at + min(k + 3u, end - 1u) * stride], k + 3u < end),
    ));
  }
  return mat4x4f(row_of_a(base, m, k), row_of_a(base, m + 1u, k), row_of_a(base, m + 2u, k), row_of_a(base, m + 3u, k));
}

fn row_of_a(base: u32, m: u32, k: u32) -> vec4f {
  return a[base + min(m, params.m - 1u) * (params.a_stride / 4u) + k / 4u];
}

// Column i is op(b)[k … k + 3, n + i].
fn load_b(base: u32, n: u32, k: u32) -> mat4x4f {
  if (TRANSPOSE_B == 1u) {
    return mat4x4f(line_of_b(base, n, k), line_of_b(base, n + 1u, k), line_of_b(base, n + 2u, k), line_of_b(base, n + 3u, k));
  }
  return transpose(mat4x4f(line_of_b(base, k, n), line_of_b(base, k + 1u, n), line_of_b(base, k + 2u, n), line_of_b(base, k + 3u, n)));
}

// Four values of stored row `row` from column `column` on, both clamped into the matrix.
fn line_of_b(base: u32, row: u32, column: u32) -> vec4f {
  let lines = select(params.k, params.n, TRANSPOSE_B == 1u);
  let width = select(params.n, params.k, TRANSPOSE_B == 1u);
  return quad_of_b(base + min(row, lines - 1u) * (params.b_stride / 4u) + min(column, width - 1u) / 4u);
}

// <paste quad_of_b>
// Numbers 4 q … 4 q + 3 of b.
fn quad_of_b(q: u32) -> vec4f {
  if (B_FORMAT == 0u) {
    return bitcast<vec4f>(b[q]);
  }
  let words = b[q / 2u];
  let pairs = select(words.xy, words.zw, (q & 1u) == 1u);
  if (B_FORMAT == 1u) {
    return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
  }
  return bitcast<vec4f>(vec4u(pairs.x << 16u, pairs.x & 0xffff0000u, pairs.y << 16u, pairs.y & 0xffff0000u));
}
// </paste>

// Sixteen (or fewer) products of one row: element [j][i] is x . op(b)[k … k + 3, n + 4 j + i].
fn times(x: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
  if (TILE_N == 4u) {
    return mat4x4f(x * b0, vec4f(), vec4f(), vec4f());
  }
  if (TILE_N == 8u) {
    return mat4x4f(x * b0, x * b1, vec4f(), vec4f());
  }
  return mat4x4f(x * b0, x * b1, x * b2, x * b3);
}

// <paste joined_sum vec4f>
fn joined(value: vec4f, residual: vec4f) -> vec4f {
  return value + residual;
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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let tile = id.y * (groups.x * WORKGROUP) + id.x;
  let tiles_m = (params.m + TILE_M - 1u) / TILE_M;
  // Neighbours share columns of b, the larger operand as a rule, so that it streams through the caches once.
  let m0 = (tile % tiles_m) * TILE_M;
  let n0 = (tile / tiles_m) * TILE_N;
  if (n0 >= params.n) {
    return;
  }
  let batch = id.z % params.batches;
  let a_base = (params.a_start + batch * params.a_batch) / 4u;
  let b_base = (params.b_start + batch * params.b_batch) / 4u;
  let first = (id.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  var c0 = mat4x4f();
  var c1 = mat4x4f();
  var c2 = mat4x4f();
  var c3 = mat4x4f();
  var c4 = mat4x4f();
  var c5 = mat4x4f();
  var c6 = mat4x4f();
  var c7 = mat4x4f();
  var c8 = mat4x4f();
  var c9 = mat4x4f();
  var c10 = mat4x4f();
  var c11 = mat4x4f();
  var c12 = mat4x4f();
  var c13 = mat4x4f();
  var c14 = mat4x4f();
  var c15 = mat4x4f();
  for (var k = first; k < last; k += 4u) {
    let b0 = load_b(b_base, n0, k);
    var b1 = mat4x4f();
    var b2 = mat4x4f();
    var b3 = mat4x4f();
    if (TILE_N > 4u) {
      b1 = load_b(b_base, n0 + 4u, k);
    }
    if (TILE_N > 8u) {
      b2 = load_b(b_base, n0 + 8u, k);
      b3 = load_b(b_base, n0 + 12u, k);
    }
    let a0 = load_a(a_base, m0 + 0u, k, last);
    c0 += times(a0[0], b0, b1, b2, b3);
    c1 += times(a0[1], b0, b1, b2, b3);
    c2 += times(a0[2], b0, b1, b2, b3);
    c3 += times(a0[3], b0, b1, b2, b3);
    if (TILE_M > 4u) {
      let a1 = load_a(a_base, m0 + 4u, k, last);
      c4 += times(a1[0], b0, b1, b2, b3);
      c5 += times(a1[1], b0, b1, b2, b3);
      c6 += times(a1[2], b0, b1, b2, b3);
      c7 += times(a1[3], b0, b1, b2, b3);
    }
    if (TILE_M > 8u) {
      let a2 = load_a(a_base, m0 + 8u, k, last);
      c8 += times(a2[0], b0, b1, b2, b3);
      c9 += times(a2[1], b0, b1, b2, b3);
      c10 += times(a2[2], b0, b1, b2, b3);
      c11 += times(a2[3], b0, b1, b2, b3);
      let a3 = load_a(a_base, m0 + 12u, k, last);
      c12 += times(a3[0], b0, b1, b2, b3);
      c13 += times(a3[1], b0, b1, b2, b3);
      c14 += times(a3[2], b0, b1, b2, b3);
      c15 += times(a3[3], b0, b1, b2, b3);
    }
  }
  // One copy of the epilogue for all rows: sixteen took lavapipe 5 s to compile where this takes 0.7 s.
  for (var i = 0u; i < min(TILE_M, params.m - m0); i++) {
    var row = c0;
    switch (i) {
      case 1u: { row = c1; }
      case 2u: { row = c2; }
      case 3u: { row = c3; }
      case 4u: { row = c4; }
      case 5u: { row = c5; }
      case 6u: { row = c6; }
      case 7u: { row = c7; }
      case 8u: { row = c8; }
      case 9u: { row = c9; }
      case 10u: { row = c10; }
      case 11u: { row = c11; }
      case 12u: { row = c12; }
      case 13u: { row = c13; }
      case 14u: { row = c14; }
      case 15u: { row = c15; }
      default: {}
    }
    let out_row = id.z * params.m + m0 + i;
    finish_quad(out_row, n0, row[0]);
    if (TILE_N > 4u) {
      finish_quad(out_row, n0 + 4u, row[1]);
    }
    if (TILE_N > 8u) {
      finish_quad(out_row, n0 + 8u, row[2]);
      finish_quad(out_row, n0 + 12u, row[3]);
    }
  }
}
