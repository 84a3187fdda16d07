// Patches as rows: patches[b, py * grid + px, (c * side + y) * side + x] = images[b, c, py * side + y, px * side + x], the order of a
// convolution weight [W, 3, side, side]. images [B, 3, size, size]; patches [B, grid^2, 3 side^2], grid =
// floor(size / side): remaining pixels are dropped. One invocation per element. Caller: src/kernels/patch_embedding.ts.
// Loops: none

struct Params {
  count: u32,
  size: u32,
  side: u32,
  grid: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> images: array<f32>;
@group(0) @binding(2) var<storage, read_write> patches: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let element = id.y * (groups.x * WORKGROUP) + id.x;
  if (element >= params.count) {
    return;
  }
  let side = params.side;
  let x = element % side;
  let y = element / side % side;
  let channel = element / (side * side) % 3u;
  let place = element / (3u * side * side);
  let px = place % params.grid;
  let py = place / params.grid % params.grid;
  let image = place / (params.grid * params.grid);
  let line = (image * 3u + channel) * params.size + py * side + y;
  patches[element] = images[line * params.size + px * side + x];
}
