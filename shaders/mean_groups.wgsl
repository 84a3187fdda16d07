// y[g] = mean of x[r] over r in starts[g] .. starts[g + 1]. x [rows, width]; starts [groups + 1]; y [groups, width] of size
// elements. The wrapper refuses empty groups. Caller: src/kernels/mean_groups.ts.
// Loops: rows * 33 / 32 where rows <= 60000

struct Params {
  size: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> starts: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let g = i / params.width;
  let column = i % params.width;
  let end = starts[g + 1u];
  // Blocks of 32 keep the rounding errors of a large group small.
  var total = 0.0;
  var r = starts[g];
  while (r < end) {
    let stop = min(r + 32u, end);
    var part = 0.0;
    while (r < stop) {
      part += x[r * params.width + column];
      r++;
    }
    total += part;
  }
  y[i] = total / f32(end - starts[g]);
}
