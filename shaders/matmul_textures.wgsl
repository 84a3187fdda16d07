// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The variant for lavapipe. Its compiler reads a storage buffer one lane after the other, with a branch and a test of the
// bounds each: 300 instructions for a vec4f of 8 lanes, three quarters of what matmul_registers.wgsl does. A texel of a
// storage texture takes it 65, without a branch. So both operands are copied into textures before the dispatch
// (`Dispatch.texels`), and one invocation owns a tile of 8 x 32 results in named variables, without workgroup memory.
// On a quiet machine it takes 0.41 to 0.47 of the time of matmul_registers.wgsl, copies included: `npm run bench -- matmul`.
// Caller: src/kernels/matmul_launch.ts.
// A texel is four numbers of a row, or eight of a b in 16 bits. Rows and columns of a texture count from those of the operand;
// a_batch and b_batch are its rows from one matrix to the next. Beyond them it holds anything: an operand that runs along k
// is zero beyond k up to a multiple of 4, and rows beyond k are not read.
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
@group(0) @binding(1) var a: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(2) var b: texture_storage_2d<rgba32uint, read>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

const WORKGROUP: u32 = 8u;
const TILE_M: u32 = 8u;
const TILE_N: u32 = 32u;
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

// Column i is op(a)[m + i, k … k + 3]; k beyond the end gives zeros.
fn load_a(row: u32, m: u32, k: u32, end: u32) -> mat4x4f {
  if (TRANSPOSE_A == 1u) {
    let zero = vec4f();
    return transpose(mat4x4f(
      quad_of_a(row + k, m),
      select(zero, quad_of_a(row + min(k + 1u, end - 1u), m), k + 1u < end),
      select(zero, quad_of_a(row + min(k + 2u, end - 1u), m), k + 2u < end),
      select(zero, quad_of_a(row + min(k + 3u, end - 1u), m), k + 3u < end),
    ));
  }
  let at = row + m;
  return mat4x4f(quad_of_a(at, k), quad_of_a(at + 1u, k), quad_of_a(at + 2u, k), quad_of_a(at + 3u, k));
}

fn quad_of_a(row: u32, column: u32) -> vec4f {
  return bitcast<vec4f>(textureLoad(a, vec2u(column / 4u, row)));
}

// Column i is op(b)[k … k + 3, n + i].
fn load_b(row: u32, n: u32, k: u32) -> mat4x4f {
  if (TRANSPOSE_B == 1u) {
    let at = row + n;
    return mat4x4f(quad_of_b(at, k), quad_of_b(at + 1u, k), quad_of_b(at + 2u, k), quad_of_b(at + 3u, k));
  }
  let last = params.k - 1u;
  return transpose(mat4x4f(
    quad_of_b(row + k, n),
    quad_of_b(row + min(k + 1u, last), n),
    quad_of_b(row + min(k + 2u, last), n),
    quad_of_b(row + min(k + 3u, last), n),
  ));
}

// Four values of a row of b.
fn quad_of_b(row: u32, column: u32) -> vec4f {
  if (B_FORMAT == 0u) {
    return bitcast<vec4f>(textureLoad(b, vec2u(column / 4u, row)));
  }
  let words = textureLoad(b, vec2u(column / 8u, row));
  let pairs = select(words.xy, words.zw, (column & 4u) == 4u);
  if (B_FORMAT == 1u) {
    return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
  }
  return bitcast<vec4f>(vec4u(pairs.x << 16u, pairs.x & 0xffff0000u, pairs.y << 16u, pairs.y & 0xffff0000u));
}

// Sixteen products of one row: element [j][i] is x . op(b)[k … k + 3, n + 4 j + i].
fn times(x: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
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
  let a_row = batch * params.a_batch;
  let b_row = batch * params.b_batch;
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
    let b0 = load_b(b_row, n0 + 0u, k);
    let b1 = load_b(b_row, n0 + 4u, k);
    let b2 = load_b(b_row, n0 + 8u, k);
    let b3 = load_b(b_row, n0 + 12u, k);
    let b4 = load_b(b_row, n0 + 16u, k);
    let b5 = load_b(b_row, n0 + 20u, k);
    let b6 = load_b(b_row, n0 + 24u, k);
    let b7 = load_b(b_row, n0 + 28u, k);
    let a0 = load_a(a_row, m0 + 0u, k, last);
    c0 += times(a0[0], b0, b1, b2, b3);
    c1 += times(a0[0], b4, b5, b6, b7);
    c2 += times(a0[1], b0, b1, b2, b3);
    c3 += times(a0[1], b4, b5, b6, b7);
    c4 += times(a0[2], b0, b1, b2, b3);
    c5 += times(a0[2], b4, b5, b6, b7);
    c6 += times(a0[3], b0, b1, b2, b3);
    c7 += times(a0[3], b4, b5, b6, b7);
    let a1 = load_a(a_row, m0 + 4u, k, last);
    c8 += times(a1[0], b0, b1, b2, b3);
    c9 += times(a1[0], b4, b5, b6, b7);
    c10 += times(a1[1], b0, b1, b2, b3);
    c11 += times(a1[1], b4, b5, b6, b7);
    c12 += times(a1[2], b0, b1, b2, b3);
    c13 += times(a1[2], b4, b5, b6, b7);
    c14 += times(a1[3], b0, b1, b2, b3);
    c15 += times(a1[3], b4, b5, b6, b7);
  }
  // One copy of the epilogue for all halves of rows: more would take seconds to compile.
  for (var i = 0u; i < 2u * min(TILE_M, params.m - m0); i++) {
    var half = c0;
    switch (i) {
      case 1u: { half = c1; }
      case 2u: { half = c2; }
      case 3u: { half = c3; }
      case 4u: { half = c4; }
      case 5u: { half = c5; }
      case 6u: { half = c6; }
      case 7u: { half = c7; }
      case 8u: { half = c8; }
      case 9u: { half = c9; }
      case 10u: { half = c10; }
      case 11u: { half = c11; }
      case 12u: { half = c12; }
      case 13u: { half = c13; }
      case 14u: { half = c14; }
      case 15u: { half = c15; }
      default: {}
    }
    let out_row = id.z * params.m + m0 + i / 2u;
    let n = n0 + 16u * (i % 2u);
    finish_quad(out_row, n, half[0]);
    finish_quad(out_row, n + 4u, half[1]);
    finish_quad(out_row, n + 8u, half[2]);
    finish_quad(out_row, n + 12u, half[3]);
  }
}
