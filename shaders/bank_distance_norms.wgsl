// norm[r] = 1 / max(|x[r]|, 1e-12). x [rows, width]; norm [rows]. One invocation per row.
// Caller: src/kernels/bank_distance.ts.
// Loops: width where width <= 61440

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  var squares = 0.0;
  for (var i = 0u; i < params.width; i++) {
    let value = x[row * params.width + i];
    squares += value * value;
  }
  norm[row] = 1.0 / max(sqrt(squares), 1e-12);
}
