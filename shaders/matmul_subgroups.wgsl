// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares but for the epilogue.
// The variant for SwiftShader, which runs four invocations as the lanes of one vector and compiles plainly: a load becomes a
// bounds check and a branch for each lane and number, variables live on the stack, and both sides of every branch are
// carried out. What counts is the length of the code in the loop over k, which has to fit into the processor's memory for
// instructions (64 KB; this takes 58, and 70 ran at half the speed). Therefore:
// - a workgroup is one subgroup of four with 28 x 20 results: lane l owns rows l, l + 4, … of them. Of op(b) each lane loads
//   one line in four and broadcasts it, which costs a quarter of a load;
// - both operands are read as vec4, so that four numbers share what finding their place costs, and b is f32: what is
//   stored shorter was decoded before (matmul_pack.wgsl), as op(a) was transposed (matmul_pack_rows.wgsl);
// - sums are of dot(): a product of a vector and a matrix takes a tenth more code;
// - the epilogue is a constant, so that nothing of the others is carried out.
// At 290 x 1024 x 1024 it is 22 times as fast as matmul.wgsl and 1.8 times as fast as matmul_registers.wgsl there:
// `npm run bench -- --dawn matmul`. `npm run bench:peers` times it beside other libraries. Caller: src/kernels/matmul_launch.ts.
// Strides and starts are multiples of 4; an operand that runs along k is zero beyond k up to a multiple of 4.
// Loops: slice / 4 + 7 where slice <= 32768

enable subgroups;

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
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<vec4f>;
@group(0) @binding(2) var<storage, read> b: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Rows and columns of a workgroup's results.
const TILE_M: u32 = 28u;
const TILE_N: u32 = 20u;
const TRANSPOSE_B: u32 = 0u;
// Bits 0-1 activation (1 relu, 2 gelu, 3 quickgelu), 4 bias, 8 residual, 16 add to out.
const EPILOGUE: u32 = 0u;

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

fn activate(x: vec4f) -> vec4f {
  switch (EPILOGUE & 3u) {
    case 1u: { return max(x, vec4f(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, vec4f(80.0)))); }
    default: { return x; }
  }
}

// Column i is op(b)[k … k + 3, n + i]: each lane reads one of four stored lines, from `line` on, and all get it.
fn load_b(line: u32) -> mat4x4f {
  let own = b[line];
  let lines = mat4x4f(
    subgroupBroadcast(own, 0u),
    subgroupBroadcast(own, 1u),
    subgroupBroadcast(own, 2u),
    subgroupBroadcast(own, 3u),
  );
  if (TRANSPOSE_B == 1u) {
    return lines;
  }
  return transpose(lines);
}

// <paste dots>
// x times each of four vectors: element i is x . b[i].
fn dots(x: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(dot(x, b[0]), dot(x, b[1]), dot(x, b[2]), dot(x, b[3]));
}
// </paste>

// Where the lane's line of op(b) begins, four columns from n on: those of one n each, or of one k each.
fn line_of_b(base: u32, n: u32, lane: u32) -> u32 {
  if (TRANSPOSE_B == 1u) {
    return base + min(n + lane, params.n - 1u) * (params.b_stride / 4u);
  }
  return base + min(n, params.n - 1u) / 4u;
}

// Four results of a row with the whole epilogue; those beyond the last column are not stored.
fn finish(out_row: u32, n: u32, sums: vec4f) {
  if (n >= params.n) {
    return;
  }
  let count = min(4u, params.n - n);
  let at = out_row * params.out_stride + params.out_start + n;
  var value = params.alpha * sums;
  if ((EPILOGUE & 4u) != 0u) {
    let place = (out_row / params.bias_rows) * params.n + n;
    let last = count - 1u;
    value += vec4f(bias[place], bias[place + min(1u, last)], bias[place + min(2u, last)], bias[place + last]);
  }
  value = activate(value);
  if ((EPILOGUE & 8u) != 0u) {
    let last = at + count - 1u;
    value += vec4f(residual[at], residual[min(at + 1u, last)], residual[min(at + 2u, last)], residual[last]);
  }
  if ((EPILOGUE & 16u) != 0u) {
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

@compute @workgroup_size(4)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(subgroup_invocation_id) lane: u32,
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
  let row0 = a_base + min(m0 + lane, params.m - 1u) * (params.a_stride / 4u);
  let row1 = a_base + min(m0 + lane + 4u, params.m - 1u) * (params.a_stride / 4u);
  let row2 = a_base + min(m0 + lane + 8u, params.m - 1u) * (params.a_stride / 4u);
  let row3 = a_base + min(m0 + lane + 12u, params.m - 1u) * (params.a_stride / 4u);
  let row4 = a_base + min(m0 + lane + 16u, params.m - 1u) * (params.a_stride / 4u);
  let row5 = a_base + min(m0 + lane + 20u, params.m - 1u) * (params.a_stride / 4u);
  let row6 = a_base + min(m0 + lane + 24u, params.m - 1u) * (params.a_stride / 4u);
  let line0 = line_of_b(b_base, n0, lane);
  let line1 = line_of_b(b_base, n0 + 4u, lane);
  let line2 = line_of_b(b_base, n0 + 8u, lane);
  let line3 = line_of_b(b_base, n0 + 12u, lane);
  let line4 = line_of_b(b_base, n0 + 16u, lane);
  var c0_0 = vec4f();
  var c0_1 = vec4f();
  var c0_2 = vec4f();
  var c0_3 = vec4f();
  var c0_4 = vec4f();
  var c1_0 = vec4f();
  var c1_1 = vec4f();
  var c1_2 = vec4f();
  var c1_3 = vec4f();
  var c1_4 = vec4f();
  var c2_0 = vec4f();
  var c2_1 = vec4f();
  var c2_2 = vec4f();
  var c2_3 = vec4f();
  var c2_4 = vec4f();
  var c3_0 = vec4f();
  var c3_1 = vec4f();
  var c3_2 = vec4f();
  var c3_3 = vec4f();
  var c3_4 = vec4f();
  var c4_0 = vec4f();
  var c4_1 = vec4f();
  var c4_2 = vec4f();
  var c4_3 = vec4f();
  var c4_4 = vec4f();
  var c5_0 = vec4f();
  var c5_1 = vec4f();
  var c5_2 = vec4f();
  var c5_3 = vec4f();
  var c5_4 = vec4f();
  var c6_0 = vec4f();
  var c6_1 = vec4f();
  var c6_2 = vec4f();
  var c6_3 = vec4f();
  var c6_4 = vec4f();
  for (var k = first; k < last; k += 4u) {
    let quad = k / 4u;
    // Beyond the last k the lanes repeat it: there op(a) is zero.
    let along = select(min(k + lane, last - 1u) * (params.b_stride / 4u), quad, TRANSPOSE_B == 1u);
    let b0 = load_b(line0 + along);
    let b1 = load_b(line1 + along);
    let b2 = load_b(line2 + along);
    let b3 = load_b(line3 + along);
    let b4 = load_b(line4 + along);
    let a0 = a[row0 + quad];
    c0_0 += dots(a0, b0);
    c0_1 += dots(a0, b1);
    c0_2 += dots(a0, b2);
    c0_3 += dots(a0, b3);
    c0_4 += dots(a0, b4);
    let a1 = a[row1 + quad];
    c1_0 += dots(a1, b0);
    c1_1 += dots(a1, b1);
    c1_2 += dots(a1, b2);
    c1_3 += dots(a1, b3);
    c1_4 += dots(a1, b4);
    let a2 = a[row2 + quad];
    c2_0 += dots(a2, b0);
    c2_1 += dots(a2, b1);
    c2_2 += dots(a2, b2);
    c2_3 += dots(a2, b3);
    c2_4 += dots(a2, b4);
    let a3 = a[row3 + quad];
    c3_0 += dots(a3, b0);
    c3_1 += dots(a3, b1);
    c3_2 += dots(a3, b2);
    c3_3 += dots(a3, b3);
    c3_4 += dots(a3, b4);
    let a4 = a[row4 + quad];
    c4_0 += dots(a4, b0);
    c4_1 += dots(a4, b1);
    c4_2 += dots(a4, b2);
    c4_3 += dots(a4, b3);
    c4_4 += dots(a4, b4);
    let a5 = a[row5 + quad];
    c5_0 += dots(a5, b0);
    c5_1 += dots(a5, b1);
    c5_2 += dots(a5, b2);
    c5_3 += dots(a5, b3);
    c5_4 += dots(a5, b4);
    let a6 = a[row6 + quad];
    c6_0 += dots(a6, b0);
    c6_1 += dots(a6, b1);
    c6_2 += dots(a6, b2);
    c6_3 += dots(a6, b3);
    c6_4 += dots(a6, b4);
  }
  // One copy of the epilogue for all rows, as in matmul_registers.wgsl.
  for (var i = 0u; i < 7u; i++) {
    let m = m0 + lane + 4u * i;
    var r0 = c0_0;
    var r1 = c0_1;
    var r2 = c0_2;
    var r3 = c0_3;
    var r4 = c0_4;
    switch (i) {
      case 1u: {
        r0 = c1_0;
        r1 = c1_1;
        r2 = c1_2;
        r3 = c1_3;
        r4 = c1_4;
      }
      case 2u: {
        r0 = c2_0;
        r1 = c2_1;
        r2 = c2_2;
        r3 = c2_3;
        r4 = c2_4;
      }
      case 3u: {
        r0 = c3_0;
        r1 = c3_1;
        r2 = c3_2;
        r3 = c3_3;
        r4 = c3_4;
      }
      case 4u: {
        r0 = c4_0;
        r1 = c4_1;
        r2 = c4_2;
        r3 = c4_3;
        r4 = c4_4;
      }
      case 5u: {
        r0 = c5_0;
        r1 = c5_1;
        r2 = c5_2;
        r3 = c5_3;
        r4 = c5_4;
      }
      case 6u: {
        r0 = c6_0;
        r1 = c6_1;
        r2 = c6_2;
        r3 = c6_3;
        r4 = c6_4;
      }
      default: {}
    }
    if (m < params.m) {
      let out_row = group.z * params.m + m;
      finish(out_row, n0, r0);
      finish(out_row, n0 + 4u, r1);
      finish(out_row, n0 + 8u, r2);
      finish(out_row, n0 + 12u, r3);
      finish(out_row, n0 + 16u, r4);
    }
  }
}
