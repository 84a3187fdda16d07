// y[b] = x[b, first : first + count]: the class token or the patches of every image.
// x [batch, tokens, width]; y [batch, count, width] of size elements. Caller: src/kernels/assemble_tokens.ts.
// Loops: none

struct Params {
  size: u32,
  tokens: u32,
  width: u32,
  first: u32,
  count: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i < params.size) {
    let part = params.count * params.width;
    let image = i / part;
    y[i] = x[(image * params.tokens + params.first) * params.width + i % part];
  }
}
