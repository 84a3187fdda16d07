// out = act(alpha * op(a) op(b) + bias) + residual (+ out), as matmul.wgsl, whose parameters it shares.
// The variant for real GPUs: 16 x 16 invocations compute 64 x 64 results together, 4 x 4 each. They load 64 x 16 of op(a) and
// 16 x 64 of op(b) into workgroup memory, neighbours neighbouring addresses, so that each value is fetched from the buffer
// once for 64 results. Beyond the edges zeros are loaded, so any sizes and strides do. On software adapters it is 3
// times as fast as matmul.wgsl, a tenth of matmul_registers.wgsl; not yet timed on a GPU:
// bench/kernels/matmul.bench.ts. Caller: src/kernels/matmul.ts.
// Loops: slice * 25 / 16 + 25 where slice <= 32768

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

const TRANSPOSE_A: u32 = 0u;
const TRANSPOSE_B: u32 = 0u;
// How b is stored: 0 float32, 1 float16, 2 bfloat16, the latter two in pairs within a word.
const B_FORMAT: u32 = 0u;
const TILE: u32 = 64u;
const DEPTH: u32 = 16u;
// A row of a tile takes four words more than it holds, so that a column of it does not lie in one memory bank.
const PITCH: u32 = 68u;

var<workgroup> a_tile: array<f32, DEPTH * PITCH>;
var<workgroup> b_tile: array<f32, DEPTH * PITCH>;

// <paste normal_cdf f32>
// Phi(a) = (1 + erf(a / sqrt 2)) / 2; WGSL has no erf. -ln(2 Phi(-|a|)) / |a| is smooth and is replaced by a polynomial,
// a weighted minimax fit on [0, 6]: its error is 1.6e-8 of Phi, the whole about 5e-8, and Phi(-a) keeps its small values.
fn normal_cdf(a: f32) -> f32 {
  let t = abs(a);
  var q = t * 1.96499604e-6 - 2.72944362e-5;
  q = q * t + 1.29050139e-4;
  q = q * t + 9.49169917e-5;
  q = q * t - 4.89598932e-3;
  q = q * t + 3.63875777e-2;
  q = q * t + 0.318298876;
  q = q * t + 0.797885299;
  let tail = 0.5 * exp(-min(q * t, f32(80.0)));
  return select(tail, 1.0 - tail, a >= f32(0.0));
}
// </paste>

// <paste activate f32>
// The activation of an epilogue; exp stays finite.
fn activate(x: f32) -> f32 {
  switch (params.epilogue & 3u) {
    case 1u: { return max(x, f32(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, f32(80.0)))); }
    default: { return x; }
  }
}
// </paste>

// <paste value_of_b>
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
// </paste>

// Element `step` of the 1024 that one invocation loads: (outer, k) within the tile. Along the axis that is contiguous in the
// buffer, neighbours go first.
fn place(local: u32, step: u32, k_contiguous: bool) -> vec2u {
  let i = step * 256u + local;
  return select(vec2u(i % TILE, i / TILE), vec2u(i / DEPTH, i % DEPTH), k_contiguous);
}

fn store(m: u32, n: u32, z: u32, sums: vec4f) {
  if (m >= params.m) {
    return;
  }
  let out_row = z * params.m + m;
  for (var i = 0u; i < 4u; i++) {
    let column = n + i;
    if (column < params.n) {
      let at = out_row * params.out_stride + params.out_start + column;
      var value = params.alpha * sums[i];
      if ((params.epilogue & 4u) != 0u) {
        value += bias[(out_row / params.bias_rows) * params.n + column];
      }
      value = activate(value);
      if ((params.epilogue & 8u) != 0u) {
        value += residual[at];
      }
      if ((params.epilogue & 16u) != 0u) {
        value += out[at];
      }
      out[at] = value;
    }
  }
}

@compute @workgroup_size(16, 16)
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
  let a_base = params.a_start + batch * params.a_batch;
  let b_base = params.b_start + batch * params.b_batch;
  let first = (group.z / params.batches) * params.slice;
  let last = min(first + params.slice, params.k);
  var c0 = vec4f();
  var c1 = vec4f();
  var c2 = vec4f();
  var c3 = vec4f();
  for (var k0 = first; k0 < last; k0 += DEPTH) {
    for (var step = 0u; step < 4u; step++) {
      let p = place(local, step, TRANSPOSE_A == 0u);
      let m = m0 + p.x;
      let k = k0 + p.y;
      var value = 0.0;
      if (m < params.m && k < last) {
        value = a[a_base + select(m * params.a_stride + k, k * params.a_stride + m, TRANSPOSE_A == 1u)];
      }
      a_tile[p.y * PITCH + p.x] = value;
    }
    for (var step = 0u; step < 4u; step++) {
      let p = place(local, step, TRANSPOSE_B == 1u);
      let n = n0 + p.x;
      let k = k0 + p.y;
      var value = 0.0;
      if (n < params.n && k < last) {
        value = value_of_b(b_base + select(k * params.b_stride + n, n * params.b_stride + k, TRANSPOSE_B == 1u));
      }
      b_tile[p.y * PITCH + p.x] = value;
    }
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let i = k * PITCH + id.y * 4u;
      let j = k * PITCH + id.x * 4u;
      let y = vec4f(b_tile[j], b_tile[j + 1u], b_tile[j + 2u], b_tile[j + 3u]);
      c0 += a_tile[i] * y;
      c1 += a_tile[i + 1u] * y;
      c2 += a_tile[i + 2u] * y;
      c3 += a_tile[i + 3u] * y;
    }
    workgroupBarrier();
  }
  let m = m0 + id.y * 4u;
  let n = n0 + id.x * 4u;
  store(m, n, group.z, c0);
  store(m + 1u, n, group.z, c1);
  store(m + 2u, n, group.z, c2);
  store(m + 3u, n, group.z, c3);
}
