// x[b] = [cls ; patches[b]] + positions. patches [batch, tokens - 1, width]; cls [width]; positions [tokens, width];
// x [batch, tokens, width] of size elements. Caller: src/kernels/assemble_tokens.ts.
// Loops: none

struct Params {
  size: u32,
  tokens: u32,
  width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> patches: array<f32>;
@group(0) @binding(2) var<storage, read> cls: array<f32>;
@group(0) @binding(3) var<storage, read> positions: array<f32>;
@group(0) @binding(4) var<storage, read_write> x: array<f32>;

const WORKGROUP: u32 = 64u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * (groups.x * WORKGROUP) + id.x;
  if (i >= params.size) {
    return;
  }
  let column = i % params.width;
  let token = (i / params.width) % params.tokens;
  let image = i / (params.width * params.tokens);
  let position = positions[token * params.width + column];
  if (token == 0u) {
    x[i] = cls[column] + position;
  } else {
    // One class token per image went before.
    x[i] = patches[i - (image + 1u) * params.width] + position;
  }
}
