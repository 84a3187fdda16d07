// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The rung for SwiftShader, which runs four invocations as the lanes of one vector. A load there costs eight multiplications
// even where the lanes read neighbouring words, and several times that where they do not. So a workgroup is one subgroup of
// four with 32 x 12 results: lane l owns rows l, l + 4, … of them. op(a) lies k by k (matmul_pack_columns.wgsl), so that the
// lanes read neighbours; of op(b) each lane reads one word in four and broadcasts it, which costs a quarter of a load. Larger
// tiles do not fit: 8 x 16 and 16 x 8 results a lane took a third and two thirds longer than 8 x 12.
// `fusionclip tune --runtime chrome` times it beside matmul_registers.wgsl; `npm run bench:peers` beside other libraries.
// Caller: src/kernels/matmul.ts.
// op(a) is zero beyond k up to a multiple of 4.
// Loops: slice / 4 + 12 where slice <= 32768

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
  // bits 0-1 activation (1 relu, 2 gelu, 3 quickgelu), 4 bias, 8 residual, 16 add to out
  epilogue: u32,
  alpha: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> residual: array<f32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;

// Rows and columns of a workgroup's results.
const TILE_M: u32 = 32u;
const TILE_N: u32 = 12u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;

// Phi(x) = (1 + erf(x / sqrt 2)) / 2 to about 5e-8; the polynomial is explained in activation.wgsl.
fn normal_cdf(x: vec4f) -> vec4f {
  let t = abs(x);
  var q = t * 1.96499604e-6 - 2.72944362e-5;
  q = q * t + 1.29050139e-4;
  q = q * t + 9.49169917e-5;
  q = q * t - 4.89598932e-3;
  q = q * t + 3.63875777e-2;
  q = q * t + 0.318298876;
  q = q * t + 0.797885299;
  let tail = 0.5 * exp(-min(q * t, vec4f(80.0)));
  return select(tail, 1.0 - tail, x >= vec4f(0.0));
}

fn activate(x: vec4f) -> vec4f {
  switch (params.epilogue & 3u) {
    case 1u: { return max(x, vec4f(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, vec4f(80.0)))); }
    default: { return x; }
  }
}

// Number i of b.
fn value_of_b(i: u32) -> f32 {
  if (B_FORMAT == 0u) {
    return bitcast<f32>(b[i]);
  }
  let word = b[i / 2u];
  let odd = (i & 1u) == 1u;
  if (B_FORMAT == 1u) {
    let pair = unpack2x16float(word);
    return select(pair.x, pair.y, odd);
  }
  return bitcast<f32>(select(word << 16u, word & 0xffff0000u, odd));
}

// The four lanes' values.
fn spread(x: f32) -> vec4f {
  return vec4f(subgroupBroadcast(x, 0u), subgroupBroadcast(x, 1u), subgroupBroadcast(x, 2u), subgroupBroadcast(x, 3u));
}

// Column i is op(b)[k … k + 3, n + i]: `at` says where the lane's word of each of four lines lies.
fn load_b(at: vec4u) -> mat4x4f {
  let four = mat4x4f(
    spread(value_of_b(at.x)),
    spread(value_of_b(at.y)),
    spread(value_of_b(at.z)),
    spread(value_of_b(at.w)),
  );
  if (TRANSPOSE_B == 1u) {
    return four;
  }
  return transpose(four);
}

// op(a)[m + row, k … k + 3], where `at` says where those of m lie.
fn load_a(at: vec4u, row: u32) -> vec4f {
  return vec4f(a[at.x + row], a[at.y + row], a[at.z + row], a[at.w + row]);
}

// Four results of a row with the whole epilogue; those beyond the last column are not stored.
fn finish(out_row: u32, n: u32, sums: vec4f) {
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
    value += vec4f(residual[at], residual[min(at + 1u, last)], residual[min(at + 2u, last)], residual[last]);
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
  let a_base = params.a_start + batch * params.a_batch + m0 + lane;
  let b_base = params.b_start + batch * params.b_batch;
  let first = (group.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  let count = vec4u(0u, 1u, 2u, 3u);
  let a_step = params.a_stride;
  let steps = a_base + count * a_step;
  // The lane's words of op(b): of one k and four columns, or of one column and four k, as they lie in b.
  let by_k = TRANSPOSE_B == 1u;
  let b_step = select(params.b_stride, 1u, by_k);
  let n_step = select(1u, params.b_stride, by_k);
  let own = select(count, vec4u(lane), by_k);
  let lines0 = b_base + (n0 + select(vec4u(lane), count, by_k)) * n_step;
  let lines1 = lines0 + 4u * n_step;
  let lines2 = lines1 + 4u * n_step;
  var c0_0 = vec4f();
  var c0_1 = vec4f();
  var c0_2 = vec4f();
  var c1_0 = vec4f();
  var c1_1 = vec4f();
  var c1_2 = vec4f();
  var c2_0 = vec4f();
  var c2_1 = vec4f();
  var c2_2 = vec4f();
  var c3_0 = vec4f();
  var c3_1 = vec4f();
  var c3_2 = vec4f();
  var c4_0 = vec4f();
  var c4_1 = vec4f();
  var c4_2 = vec4f();
  var c5_0 = vec4f();
  var c5_1 = vec4f();
  var c5_2 = vec4f();
  var c6_0 = vec4f();
  var c6_1 = vec4f();
  var c6_2 = vec4f();
  var c7_0 = vec4f();
  var c7_1 = vec4f();
  var c7_2 = vec4f();
  for (var k = first; k < last; k += 4u) {
    // Beyond the last k the lanes repeat it: there op(a) is zero.
    let along = min(k + own, vec4u(last - 1u)) * b_step;
    let b0 = load_b(lines0 + along);
    let b1 = load_b(lines1 + along);
    let b2 = load_b(lines2 + along);
    let at = k * a_step + steps;
    let a0 = load_a(at, 0u);
    c0_0 += a0 * b0;
    c0_1 += a0 * b1;
    c0_2 += a0 * b2;
    let a1 = load_a(at, 4u);
    c1_0 += a1 * b0;
    c1_1 += a1 * b1;
    c1_2 += a1 * b2;
    let a2 = load_a(at, 8u);
    c2_0 += a2 * b0;
    c2_1 += a2 * b1;
    c2_2 += a2 * b2;
    let a3 = load_a(at, 12u);
    c3_0 += a3 * b0;
    c3_1 += a3 * b1;
    c3_2 += a3 * b2;
    let a4 = load_a(at, 16u);
    c4_0 += a4 * b0;
    c4_1 += a4 * b1;
    c4_2 += a4 * b2;
    let a5 = load_a(at, 20u);
    c5_0 += a5 * b0;
    c5_1 += a5 * b1;
    c5_2 += a5 * b2;
    let a6 = load_a(at, 24u);
    c6_0 += a6 * b0;
    c6_1 += a6 * b1;
    c6_2 += a6 * b2;
    let a7 = load_a(at, 28u);
    c7_0 += a7 * b0;
    c7_1 += a7 * b1;
    c7_2 += a7 * b2;
  }
  // One copy of the epilogue for all rows, as in matmul_registers.wgsl.
  for (var i = 0u; i < 8u; i++) {
    let m = m0 + lane + 4u * i;
    var r0 = c0_0;
    var r1 = c0_1;
    var r2 = c0_2;
    switch (i) {
      case 1u: {
        r0 = c1_0;
        r1 = c1_1;
        r2 = c1_2;
      }
      case 2u: {
        r0 = c2_0;
        r1 = c2_1;
        r2 = c2_2;
      }
      case 3u: {
        r0 = c3_0;
        r1 = c3_1;
        r2 = c3_2;
      }
      case 4u: {
        r0 = c4_0;
        r1 = c4_1;
        r2 = c4_2;
      }
      case 5u: {
        r0 = c5_0;
        r1 = c5_1;
        r2 = c5_2;
      }
      case 6u: {
        r0 = c6_0;
        r1 = c6_1;
        r2 = c6_2;
      }
      case 7u: {
        r0 = c7_0;
        r1 = c7_1;
        r2 = c7_2;
      }
      default: {}
    }
    if (m < params.m) {
      let out_row = group.z * params.m + m;
      finish(out_row, n0, r0);
      finish(out_row, n0 + 4u, r1);
      finish(out_row, n0 + 8u, r2);
    }
  }
}
