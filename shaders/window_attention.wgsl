// out = softmax(scale q k^T + bias + mask) v within square windows of a grid of tokens, for every head.
// qkv [B, height, width, 3 W]: queries, keys, values side by side, W = 4 * heads * quads; out [B, height, width, W].
// The grid is extended to whole windows of `side`^2 tokens, whose queries, keys and values are pad [3 W], and rolled by
// `shift` towards the origin; tokens of a window that lie on different sides of the roll's seam or of a line `shift` before it
// get the mask -100. bias[h] = table[(dy + side - 1) * (2 side - 1) + dx + side - 1, h], (dy, dx) query minus key; table
// [(2 side - 1)^2, heads]. One invocation per query, head and sixteen columns of out, so that the scores of a head 32 wide are
// computed twice; the softmax keeps a running maximum and sum.
// Caller: src/kernels/window_attention.ts.
// Loops: side * (side + 1) + side * side * quads where side * side * (quads + 2) <= 64000

struct Params {
  height: u32,
  width: u32,
  heads: u32,
  // Width of one head / 4.
  quads: u32,
  side: u32,
  shift: u32,
  // Of the extended grid.
  full_height: u32,
  full_width: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read> pad: array<vec4f>;
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;

const WORKGROUP: u32 = 64u;

// Which part of an extended side a rolled place lies in: before the last window, in it before the seam, after the seam.
fn part(place: u32, full: u32) -> u32 {
  return u32(place >= full - params.side) + u32(place >= full - params.shift);
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let parts = (params.quads + 3u) / 4u;
  let token = id.x / parts;
  let quad = 4u * (id.x % parts);
  let head = id.y;
  if (token >= params.height * params.width) {
    return;
  }
  let row = params.heads * params.quads;
  let image = id.z * params.height * params.width;
  let q = (image + token) * 3u * row + head * params.quads;
  let qy = (token / params.width + params.full_height - params.shift) % params.full_height;
  let qx = (token % params.width + params.full_width - params.shift) % params.full_width;
  let wy = qy / params.side * params.side;
  let wx = qx / params.side * params.side;
  let span = 2u * params.side - 1u;
  var top = -1e30;
  var sum = 0.0;
  // Four columns each; those beyond the head repeat its last and are not written.
  var mean = mat4x4f();
  let last = params.quads - 1u;
  let own = vec4u(quad, min(quad + 1u, last), min(quad + 2u, last), min(quad + 3u, last));
  for (var jy = 0u; jy < params.side; jy++) {
    let ky = wy + jy;
    let line = (ky + params.shift) % params.full_height;
    let same_part = part(ky, params.full_height) == part(qy, params.full_height);
    for (var jx = 0u; jx < params.side; jx++) {
      let kx = wx + jx;
      let column = (kx + params.shift) % params.full_width;
      let inside = line < params.height && column < params.width;
      let k = (image + line * params.width + column) * 3u * row + row + head * params.quads;
      let p = row + head * params.quads;
      var score = 0.0;
      if (inside) {
        for (var i = 0u; i < params.quads; i++) {
          score += dot(qkv[q + i], qkv[k + i]);
        }
      } else {
        for (var i = 0u; i < params.quads; i++) {
          score += dot(qkv[q + i], pad[p + i]);
        }
      }
      let place = (qy - wy + params.side - 1u - jy) * span + (qx - wx + params.side - 1u - jx);
      score = score * params.scale + table[place * params.heads + head];
      if (params.shift > 0u && !(same_part && part(kx, params.full_width) == part(qx, params.full_width))) {
        score -= 100.0;
      }
      var value = mat4x4f();
      if (inside) {
        let v = vec4u(k + row) + own;
        value = mat4x4f(qkv[v.x], qkv[v.y], qkv[v.z], qkv[v.w]);
      } else {
        let v = vec4u(p + row) + own;
        value = mat4x4f(pad[v.x], pad[v.y], pad[v.z], pad[v.w]);
      }
      let higher = max(top, score);
      let fade = exp(top - higher);
      let weight = exp(score - higher);
      sum = sum * fade + weight;
      mean = mean * fade + weight * value;
      top = higher;
    }
  }
  let at = (image + token) * row + head * params.quads;
  out[at + quad] = mean[0] / sum;
  if (quad + 1u < params.quads) {
    out[at + quad + 1u] = mean[1] / sum;
  }
  if (quad + 2u < params.quads) {
    out[at + quad + 2u] = mean[2] / sum;
  }
  if (quad + 3u < params.quads) {
    out[at + quad + 3u] = mean[3] / sum;
  }
}
