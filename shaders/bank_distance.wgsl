// best[r] = min over the columns m of 1 - dots[r, m] * query_norm[r] * bank_norm[m], or of that and what best[r] holds unless
// `first` is 1: one piece of the bank. dots [rows, count] are the products of raw rows, the norms are reciprocal.
// best, query_norm [rows]; bank_norm [start + count]. One invocation per row. Caller: src/kernels/bank_distance.ts.
// Loops: count where count <= 16384

struct Params {
  rows: u32,
  count: u32,
  start: u32,
  first: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> dots: array<f32>;
@group(0) @binding(2) var<storage, read> query_norm: array<f32>;
@group(0) @binding(3) var<storage, read> bank_norm: array<f32>;
@group(0) @binding(4) var<storage, read_write> best: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let scale = query_norm[row];
  var most = -4.0;
  for (var i = 0u; i < params.count; i++) {
    most = max(most, dots[row * params.count + i] * scale * bank_norm[params.start + i]);
  }
  let distance = 1.0 - most;
  best[row] = select(min(best[row], distance), distance, params.first == 1u);
}
