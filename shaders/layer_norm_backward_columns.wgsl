// First stage of the gradients of weight and bias: dweight[k, c] = sum of grad * (x - mean) * rstd and dbias[k, c] = sum of
// grad over the rows r = k, k + chunks, k + 2 chunks, …; the wrapper sums over k. One invocation owns one column and chunk.
// grad, x [rows, width]; mean (of two numbers), rstd [rows]; dweight, dbias [chunks, width]. Caller: src/kernels/layer_norm.ts.
// Loops: rows / chunks + 1 where rows / chunks <= 64

struct Params {
  rows: u32,
  width: u32,
  chunks: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<vec2f>;
@group(0) @binding(4) var<storage, read> rstd: array<f32>;
@group(0) @binding(5) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(6) var<storage, read_write> dbias: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.chunks * params.width) {
    return;
  }
  // The places of chunk and column in the first rows are i; further rows lie whole chunks behind.
  var at = i;
  var w = 0.0;
  var b = 0.0;
  for (var r = i / params.width; r < params.rows; r += params.chunks) {
    let g = grad[at];
    let m = mean[r];
    w += g * (((x[at] - m.x) - m.y) * rstd[r]);
    b += g;
    at += params.chunks * params.width;
  }
  dweight[i] = w;
  dbias[i] = b;
}
