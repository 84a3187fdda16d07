// Layer norm as layer_norm.wgsl, with four elements at a time: half the time on software adapters, and shorter sums.
// x, y [rows, width], weight, bias [width], bound as vec4 (width a multiple of 4); mean [rows] as two
// numbers, rstd [rows]. Caller: src/kernels/layer_norm.ts.
// Loops: 3 * width / 4 where width <= 16384

struct Params {
  rows: u32,
  width: u32,
  eps: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> weight: array<vec4f>;
@group(0) @binding(3) var<storage, read> bias: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> mean: array<vec2f>;
@group(0) @binding(6) var<storage, read_write> rstd: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let width = params.width >> 2u;
  let base = row * width;
  var sum = vec4f();
  for (var i = 0u; i < width; i++) {
    sum += x[base + i];
  }
  let m = ((sum.x + sum.y) + (sum.z + sum.w)) / f32(4u * width);
  var drift = vec4f();
  var squares = vec4f();
  for (var i = 0u; i < width; i++) {
    let d = x[base + i] - m;
    drift += d;
    squares += d * d;
  }
  let c = ((drift.x + drift.y) + (drift.z + drift.w)) / f32(4u * width);
  let variance = ((squares.x + squares.y) + (squares.z + squares.w)) / f32(4u * width) - c * c;
  let r = 1.0 / sqrt(max(variance, 0.0) + params.eps);
  for (var i = 0u; i < width; i++) {
    y[base + i] = ((x[base + i] - m) - c) * r * weight[i] + bias[i];
  }
  mean[row] = vec2f(m, c);
  rstd[row] = r;
}
