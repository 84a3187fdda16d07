// One stage of a sum over the middle axis: y[o, k, i] = factor * sum over r = k, k + chunks, k + 2 chunks, … of x[o, r, i].
// x [outer, rows, inner]; y [outer, chunks, inner].
// The wrapper repeats stages until chunks = 1, at most 64 terms each, so the order is fixed and errors do not pile up.
// Four running sums: shorter chains of roundings, and independent additions. Caller: src/kernels/sum_axis.ts.
// Loops: rows / chunks + 4 where rows / chunks <= 64

struct Params {
  outer: u32,
  rows: u32,
  inner: u32,
  chunks: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  let width = params.inner;
  if (i >= params.outer * params.chunks * width) {
    return;
  }
  let column = i % width;
  let chunk = (i / width) % params.chunks;
  let first = (i / (width * params.chunks)) * params.rows;
  let step = params.chunks;
  var a = 0.0;
  var b = 0.0;
  var c = 0.0;
  var d = 0.0;
  var r = chunk;
  while (r + 3u * step < params.rows) {
    a += x[(first + r) * width + column];
    b += x[(first + r + step) * width + column];
    c += x[(first + r + 2u * step) * width + column];
    d += x[(first + r + 3u * step) * width + column];
    r += 4u * step;
  }
  while (r < params.rows) {
    a += x[(first + r) * width + column];
    r += step;
  }
  y[i] = params.factor * ((a + b) + (c + d));
}
