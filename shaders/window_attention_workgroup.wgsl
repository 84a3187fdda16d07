// out = softmax(scale q k^T + bias + mask) v within square windows, as window_attention.wgsl, which gives shapes, bias and mask; the
// variant for real GPUs. A workgroup owns a window and a head, an invocation one of its at most 64 queries. Queries, keys, values and
// results go through workgroup memory, so that neighbours read and write side by side. The softmax keeps a running maximum and sum.
// Caller: src/kernels/window_attention.ts.
// Loops: SIDE * SIDE * (2 * QUADS + 1) + 400 where SIDE * SIDE <= 64

struct Params {
  height: u32,
  width: u32,
  heads: u32,
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
// Of a window.
const SIDE: u32 = 7u;
const TOKENS: u32 = SIDE * SIDE;
const SPAN: u32 = 2u * SIDE - 1u;
// Width of a head / 4, and with one more, so that neighbours, which read different rows, do not meet in one memory bank.
const QUADS: u32 = 8u;
const ROW: u32 = QUADS + 1u;

// Queries before the keys, and results after the values.
var<workgroup> keys: array<vec4f, TOKENS * ROW>;
var<workgroup> values: array<vec4f, TOKENS * ROW>;
var<workgroup> bias: array<f32, SPAN * SPAN>;

var<private> query: array<vec4f, QUADS>;
var<private> mean: array<vec4f, QUADS>;

// Which part of an extended side a rolled place lies in: before the last window, in it before the seam, after the seam.
fn part(place: u32, full: u32) -> u32 {
  return u32(place >= full - SIDE) + u32(place >= full - params.shift);
}

// Of a token of the window that begins at a rolled place: the line and column of the grid.
fn place_of(token: u32, window: vec2u) -> vec2u {
  let y = (window.y + token / SIDE + params.shift) % params.full_height;
  let x = (window.x + token % SIDE + params.shift) % params.full_width;
  return vec2u(x, y);
}

// Four numbers of a token: of its query, key or value, 0, 1 or 2.
fn quad_of(image: u32, at: vec2u, which: u32, head: u32, quad: u32) -> vec4f {
  let row = params.heads * QUADS;
  let column = which * row + head * QUADS + quad;
  if (at.x < params.width && at.y < params.height) {
    return qkv[((image * params.height + at.y) * params.width + at.x) * 3u * row + column];
  }
  return pad[column];
}

// The short loops are functions of their own, as in attention_workgroup.wgsl.
fn read_query(token: u32) {
  for (var i = 0u; i < QUADS; i++) {
    query[i] = keys[token * ROW + i];
  }
}

fn score_of(key: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < QUADS; i++) {
    sum += dot(query[i], keys[key * ROW + i]);
  }
  return sum;
}

fn add_value(fade: f32, weight: f32, key: u32) {
  for (var i = 0u; i < QUADS; i++) {
    mean[i] = mean[i] * fade + weight * values[key * ROW + i];
  }
}

fn write_mean(token: u32, factor: f32) {
  for (var i = 0u; i < QUADS; i++) {
    values[token * ROW + i] = mean[i] * factor;
  }
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let across = params.full_width / SIDE;
  let window = SIDE * vec2u(group.x % across, group.x / across);
  let head = group.y;
  let image = group.z;
  for (var i = local; i < TOKENS * QUADS; i += WORKGROUP) {
    let at = place_of(i / QUADS, window);
    keys[i / QUADS * ROW + i % QUADS] = quad_of(image, at, 0u, head, i % QUADS);
    values[i / QUADS * ROW + i % QUADS] = quad_of(image, at, 2u, head, i % QUADS);
  }
  for (var i = local; i < SPAN * SPAN; i += WORKGROUP) {
    bias[i] = table[i * params.heads + head];
  }
  workgroupBarrier();
  // Invocations beyond the window repeat its last query.
  let token = min(local, TOKENS - 1u);
  read_query(token);
  workgroupBarrier();
  for (var i = local; i < TOKENS * QUADS; i += WORKGROUP) {
    keys[i / QUADS * ROW + i % QUADS] = quad_of(image, place_of(i / QUADS, window), 1u, head, i % QUADS);
  }
  workgroupBarrier();
  let q = vec2u(token % SIDE, token / SIDE);
  let own_part = vec2u(part(window.x + q.x, params.full_width), part(window.y + q.y, params.full_height));
  var top = -1e30;
  var sum = 0.0;
  for (var key = 0u; key < TOKENS; key++) {
    let k = vec2u(key % SIDE, key / SIDE);
    let key_part = vec2u(part(window.x + k.x, params.full_width), part(window.y + k.y, params.full_height));
    let place = q + SIDE - 1u - k;
    var score = score_of(key) * params.scale + bias[place.y * SPAN + place.x];
    if (params.shift > 0u && any(key_part != own_part)) {
      score -= 100.0;
    }
    let higher = max(top, score);
    let fade = exp(top - higher);
    let weight = exp(score - higher);
    sum = sum * fade + weight;
    add_value(fade, weight, key);
    top = higher;
  }
  workgroupBarrier();
  if (local < TOKENS) {
    write_mean(token, 1.0 / sum);
  }
  workgroupBarrier();
  let row = params.heads * QUADS;
  for (var i = local; i < TOKENS * QUADS; i += WORKGROUP) {
    let at = place_of(i / QUADS, window);
    if (at.x < params.width && at.y < params.height) {
      out[((image * params.height + at.y) * params.width + at.x) * row + head * QUADS + i % QUADS] =
        values[i / QUADS * ROW + i % QUADS];
    }
  }
}
