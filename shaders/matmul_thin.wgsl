// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The variant for real GPUs where the result has few rows or few columns, as matrix times vector: such a product waits for memory,
// so each number is fetched once, in lines of 128 bytes. 256 invocations compute TILE_M x TILE_N = 1024 results, each four columns of
// a row; 32 k at a time go through workgroup memory, loaded in blocks of 4 x 4 by 160 of the invocations. k beyond the end counts as
// zero; rows and columns beyond the edges repeat the last and are not stored. Rows start on 16 bytes.
// Caller: src/kernels/matmul_launch.ts.
// Loops: slice * 33 / 32 + 40 where slice <= 32768

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

// 16 x 64 or 64 x 16.
const TILE_M: u32 = 16u;
const TILE_N: u32 = 64u;
const TRANSPOSE_A: u32 = 0u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;
const DEPTH: u32 = 32u;
const ROW_QUADS: u32 = TILE_M / 4u;
const COLUMN_QUADS: u32 = TILE_N / 4u;

// [k][four rows or columns], with one more so that neighbours, which write different k, meet in few memory banks.
var<workgroup> a_tile: array<array<vec4f, ROW_QUADS + 1u>, DEPTH>;
var<workgroup> b_tile: array<array<vec4f, COLUMN_QUADS + 1u>, DEPTH>;

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

// Which block of 4 x 4: its four of 32 k, and its four rows or columns of a tile of `quads` fours.
fn place_of(i: u32, quads: u32, k_contiguous: bool) -> vec2u {
  return select(vec2u(i / quads, i % quads), vec2u(i % 8u, i / 8u), k_contiguous);
}

// Element [i][j] is op(a)[m + j, k + i].
fn block_of_a(base: u32, m: u32, k: u32) -> mat4x4f {
  let stride = params.a_stride / 4u;
  if (TRANSPOSE_A == 1u) {
    let at = base + k * stride + min(m, params.m - 1u) / 4u;
    return mat4x4f(a[at], a[at + stride], a[at + 2u * stride], a[at + 3u * stride]);
  }
  let last = params.m - 1u;
  let at = base + k / 4u;
  return transpose(mat4x4f(
    a[at + min(m, last) * stride],
    a[at + min(m + 1u, last) * stride],
    a[at + min(m + 2u, last) * stride],
    a[at + min(m + 3u, last) * stride],
  ));
}

// Element [i][j] is op(b)[k + i, n + j].
fn block_of_b(base: u32, n: u32, k: u32) -> mat4x4f {
  let stride = params.b_stride / 4u;
  if (TRANSPOSE_B == 0u) {
    let at = base + k * stride + min(n, params.n - 1u) / 4u;
    return mat4x4f(quad_of_b(at), quad_of_b(at + stride), quad_of_b(at + 2u * stride), quad_of_b(at + 3u * stride));
  }
  let last = params.n - 1u;
  let at = base + k / 4u;
  return transpose(mat4x4f(
    quad_of_b(at + min(n, last) * stride),
    quad_of_b(at + min(n + 1u, last) * stride),
    quad_of_b(at + min(n + 2u, last) * stride),
    quad_of_b(at + min(n + 3u, last) * stride),
  ));
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

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = group.y * groups.x + group.x;
  let tiles_m = (params.m + TILE_M - 1u) / TILE_M;
  let m0 = (tile % tiles_m) * TILE_M;
  let n0 = (tile / tiles_m) * TILE_N;
  if (n0 >= params.n) {
    return;
  }
  let batch = group.z % params.batches;
  let a_base = (params.a_start + batch * params.a_batch) / 4u;
  let b_base = (params.b_start + batch * params.b_batch) / 4u;
  let first = (group.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  let loads_a = local < ROW_QUADS * 8u;
  let own_a = place_of(local, ROW_QUADS, TRANSPOSE_A == 0u);
  let own_b = place_of(local - ROW_QUADS * 8u, COLUMN_QUADS, TRANSPOSE_B == 1u);
  let loads_b = !loads_a && local < (ROW_QUADS + COLUMN_QUADS) * 8u;
  let row = local / COLUMN_QUADS;
  let quad = local % COLUMN_QUADS;
  var sum = vec4f();
  for (var k0 = first; k0 < last; k0 += DEPTH) {
    var loaded = mat4x4f();
    if (loads_a) {
      let k = k0 + 4u * own_a.x;
      loaded = masked(block_of_a(a_base, m0 + 4u * own_a.y, k), k, last);
    } else if (loads_b) {
      let k = k0 + 4u * own_b.x;
      loaded = masked(block_of_b(b_base, n0 + 4u * own_b.y, k), k, last);
    }
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      if (loads_a) {
        a_tile[4u * own_a.x + i][own_a.y] = loaded[i];
      } else if (loads_b) {
        b_tile[4u * own_b.x + i][own_b.y] = loaded[i];
      }
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      sum += a_tile[k][row / 4u][row % 4u] * b_tile[k][quad];
    }
  }
  if (m0 + row < params.m) {
    finish_quad(group.z * params.m + m0 + row, n0 + 4u * quad, sum);
  }
}
