// Gradient of attention.wgsl by keys and values, as attention_backward_kv.wgsl, which gives formula and shapes; the variant for real
// GPUs. A workgroup of 16 x 16 owns 64 keys of a head and up to 64 columns of their gradients, an invocation 4 and 4 of those, and
// goes through the queries in tiles of 64: scores, the gradient of the weights and both results are products of tiles, as in
// attention_workgroup.wgsl. An invocation's queries are x, x + 16, x + 32 and x + 48.
// Short sequences share tiles as there. Caller: src/kernels/attention.ts.
// Loops: (length + 63) / 64 * (10 * QUADS + 400) + 100 where length * (QUADS + 1) <= 64000

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Tiles of keys of all heads are numbered through; a launch does those from first to owners - 1.
  first: u32,
  owners: u32,
  // Sequences of a head that share a tile, and the rows of all.
  together: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_qkv: array<vec4f>;

// Width of a head / 4.
const QUADS: u32 = 16u;
const TILE: u32 = 64u;
const CHUNKS: u32 = (QUADS + 7u) / 8u;
const LOG2_E: f32 = 1.44269504;

// [half of 16 terms][term][four rows], and [..][..][four columns]; one more, so that neighbours, which write different terms, do
// not meet in one memory bank.
var<workgroup> a_tile: array<array<array<vec4f, 17>, 8>, 2>;
var<workgroup> b_tile: array<array<array<vec4f, 17>, 8>, 2>;
// Of four keys each: where their sequences begin.
var<workgroup> begins: array<vec4u, 16>;
// Of the queries of a tile: log of the sum of all weights, and delta.
var<workgroup> logs: array<f32, TILE>;
var<workgroup> deltas: array<f32, TILE>;

// Of this invocation's 4 keys: with four queries each, and four columns each.
var<private> weights: array<vec4f, 4>;
var<private> slopes: array<vec4f, 4>;
var<private> d_keys: array<vec4f, 4>;
var<private> d_values: array<vec4f, 4>;

// Rows of the sequence, or of those that share the tile.
var<private> rows: u32;

// <paste bundle_of_sequences>
// Of a head, a sequence or, where they are short, `together` of them one after the other: its first row, and how many it has.
fn first_row(bundle: u32) -> u32 {
  return bundle / params.heads * (params.together * params.length);
}

fn count_rows(bundle: u32) -> u32 {
  return min(params.together * params.length, params.rows - first_row(bundle));
}

// The place of a row of it in [batch, heads, length].
fn statistic_of(bundle: u32, row: u32) -> u32 {
  let sequence = bundle / params.heads * params.together + row / params.length;
  return (sequence * params.heads + bundle % params.heads) * params.length + row % params.length;
}
// </paste>

// <paste block_of_qkv>
// Four numbers of rows row, row + between, row + 2 between and row + 3 between, transposed: element [column][row]; zeros beyond the
// head.
fn block_of_qkv(at: u32, stride: u32, row: u32, between: u32, quad: u32) -> mat4x4f {
  let last = rows - 1u;
  let column = at + min(quad, QUADS - 1u);
  let fours = transpose(mat4x4f(
    qkv[column + min(row, last) * stride],
    qkv[column + min(row + between, last) * stride],
    qkv[column + min(row + 2u * between, last) * stride],
    qkv[column + min(row + 3u * between, last) * stride],
  ));
  if (QUADS % 8u == 0u) {
    return fours;
  }
  return fours * select(0.0, 1.0, quad < QUADS);
}
// </paste>

// <paste block_of_grad>
// Four numbers of rows row, row + between, row + 2 between and row + 3 between, transposed: element [column][row]; zeros beyond the
// head.
fn block_of_grad(at: u32, stride: u32, row: u32, between: u32, quad: u32) -> mat4x4f {
  let last = rows - 1u;
  let column = at + min(quad, QUADS - 1u);
  let fours = transpose(mat4x4f(
    grad[column + min(row, last) * stride],
    grad[column + min(row + between, last) * stride],
    grad[column + min(row + 2u * between, last) * stride],
    grad[column + min(row + 3u * between, last) * stride],
  ));
  if (QUADS % 8u == 0u) {
    return fours;
  }
  return fours * select(0.0, 1.0, quad < QUADS);
}
// </paste>

// <paste add_four>
// Adds the products of eight terms: of this invocation's four rows with its four columns. Each short loop is a function of its own:
// compilers that count the rounds of loops, against endless ones, begin the count where a function begins, and could not unroll it
// within another loop.
fn add_eight(sums: ptr<private, array<vec4f, 4>>, half: u32, x: u32, y: u32) {
  for (var k = 0u; k < 8u; k++) {
    let b = b_tile[half][k][x];
    let a = a_tile[half][k][y];
    (*sums)[0] += a.x * b;
    (*sums)[1] += a.y * b;
    (*sums)[2] += a.z * b;
    (*sums)[3] += a.w * b;
  }
}

// Adds the products of 32 terms, of which each invocation loaded a block of 4 x 4, for the rows or for the columns.
fn add_chunk(sums: ptr<private, array<vec4f, 4>>, fours: mat4x4f, id: vec2u, is_row: bool, term: u32, quad: u32) {
  workgroupBarrier();
  if (is_row) {
    a_tile[0][term][quad] = fours[0];
    a_tile[1][term][quad] = fours[1];
  } else {
    b_tile[0][term][quad] = fours[0];
    b_tile[1][term][quad] = fours[1];
  }
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
  workgroupBarrier();
  if (is_row) {
    a_tile[0][term][quad] = fours[2];
    a_tile[1][term][quad] = fours[3];
  } else {
    b_tile[0][term][quad] = fours[2];
    b_tile[1][term][quad] = fours[3];
  }
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
}

// Adds the products of sixteen terms: a number of each of this invocation's rows for term x, and the columns of term y.
fn add_part(sums: ptr<private, array<vec4f, 4>>, factors: vec4f, columns: vec4f, x: u32, y: u32) {
  workgroupBarrier();
  a_tile[x / 8u][x % 8u][y] = factors;
  b_tile[y / 8u][y % 8u][x] = columns;
  workgroupBarrier();
  add_eight(sums, 0u, x, y);
  add_eight(sums, 1u, x, y);
}

// Element i of each of four vectors.
fn elements(v: ptr<private, array<vec4f, 4>>, i: u32) -> vec4f {
  switch (i) {
    case 0u: { return vec4f((*v)[0].x, (*v)[1].x, (*v)[2].x, (*v)[3].x); }
    case 1u: { return vec4f((*v)[0].y, (*v)[1].y, (*v)[2].y, (*v)[3].y); }
    case 2u: { return vec4f((*v)[0].z, (*v)[1].z, (*v)[2].z, (*v)[3].z); }
    default: { return vec4f((*v)[0].w, (*v)[1].w, (*v)[2].w, (*v)[3].w); }
  }
}

fn clear(v: ptr<private, array<vec4f, 4>>) {
  for (var i = 0u; i < 4u; i++) {
    (*v)[i] = vec4f();
  }
}
// </paste>

// Weights in place of scores, and the gradients of the scores in place of those of the weights.
fn slope(k: u32, q0: u32, x: u32, y: u32) {
  let queries = q0 + x + vec4u(0u, 16u, 32u, 48u);
  let high = vec4f(logs[x], logs[x + 16u], logs[x + 32u], logs[x + 48u]) * LOG2_E;
  let less = vec4f(deltas[x], deltas[x + 16u], deltas[x + 32u], deltas[x + 48u]);
  let begin = begins[y];
  for (var i = 0u; i < 4u; i++) {
    let from_query = select(begin[i], k + i, params.causal == 1u);
    let seen = (queries >= vec4u(from_query)) & (queries < vec4u(begin[i] + params.length));
    let p = select(vec4f(), exp2(weights[i] * (params.scale * LOG2_E) - high), seen);
    weights[i] = p;
    slopes[i] = p * (slopes[i] - less);
  }
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) id: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let owner = params.first + group.y * groups.x + group.x;
  if (owner >= params.owners) {
    return;
  }
  let tiles = (params.together * params.length + TILE - 1u) / TILE;
  let bundle = owner / tiles;
  // A private variable is not known to be the same for all invocations, as a barrier wants.
  let count = count_rows(bundle);
  rows = count;
  let k0 = owner % tiles * TILE;
  let row = params.heads * QUADS;
  let stride = 3u * row;
  let q_at = first_row(bundle) * stride + bundle % params.heads * QUADS;
  let k_at = q_at + row;
  let v_at = k_at + row;
  let g_at = first_row(bundle) * row + bundle % params.heads * QUADS;
  let x = id.x;
  let y = id.y;
  // Half of the invocations load rows, the others columns.
  let is_row = local < 128u;
  let term = local % 8u;
  let quad = local / 8u % 16u;
  let column = 16u * group.z + x;
  let own = min(column, QUADS - 1u);
  let last = rows - 1u;
  // The first of this invocation's keys.
  let k = k0 + 4u * y;
  if (local < TILE) {
    begins[local / 4u][local % 4u] = (k0 + local) / params.length * params.length;
  }
  for (var q0 = select(0u, k0, params.causal == 1u); q0 < count; q0 += TILE) {
    // Read after the barriers of the products, and of the last round before those.
    if (local < TILE) {
      let statistic = statistic_of(bundle, min(q0 + local, last));
      logs[local] = log_sum_exp[statistic];
      deltas[local] = delta[statistic];
    }
    clear(&weights);
    clear(&slopes);
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
      let at = select(q_at, k_at, is_row);
      let first = select(q0 + quad, k0 + 4u * quad, is_row);
      let fours = block_of_qkv(at, stride, first, select(16u, 1u, is_row), chunk * 8u + term);
      add_chunk(&weights, fours, id.xy, is_row, term, quad);
    }
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
      var fours = mat4x4f();
      if (is_row) {
        fours = block_of_qkv(v_at, stride, k0 + 4u * quad, 1u, chunk * 8u + term);
      } else {
        fours = block_of_grad(g_at, row, q0 + quad, 16u, chunk * 8u + term);
      }
      add_chunk(&slopes, fours, id.xy, is_row, term, quad);
    }
    slope(k, q0, x, y);
    for (var part = 0u; part < 4u; part++) {
      let query = min(q0 + 16u * part + y, last);
      add_part(&d_values, elements(&weights, part), grad[g_at + own + query * row], x, y);
    }
    for (var part = 0u; part < 4u; part++) {
      let query = min(q0 + 16u * part + y, last);
      add_part(&d_keys, elements(&slopes, part), qkv[q_at + own + query * stride], x, y);
    }
  }
  for (var i = 0u; i < 4u; i++) {
    let key = k + i;
    if (key < rows && column < QUADS) {
      d_qkv[k_at + key * stride + column] = params.scale * d_keys[i];
      d_qkv[v_at + key * stride + column] = d_values[i];
    }
  }
}
