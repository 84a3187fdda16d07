// out = softmax(scale * q k^T) v for every head, as attention.wgsl, which gives the shapes; the variant for real GPUs.
// A workgroup of 16 x 8 owns 64 queries of a head and up to 64 columns of their result, an invocation 8 and 4 of those; it goes
// through the keys in tiles of 64. Scores and the mean of the values are products of tiles, 16 terms at a time through workgroup
// memory: an invocation holds the scores of its queries with the keys x, x + 16, x + 32 and x + 48. Neighbours load 128 bytes of a
// row, in blocks of 4 x 4. A running maximum and sum of each query; powers of two in place of those of e.
// As many whole sequences of a head as fit share a tile; a row sees its own one alone.
// Caller: src/kernels/attention.ts.
// Loops: (length + 63) / 64 * (6 * QUADS + 240) + 100 where length * (QUADS + 1) <= 64000

struct Params {
  length: u32,
  heads: u32,
  causal: u32,
  scale: f32,
  // Tiles of queries of all heads are numbered through; a launch does those from first to owners - 1.
  first: u32,
  owners: u32,
  // Tokens of a sequence that are seen, at most length.
  keys: u32,
  // Sequences of a head that share a tile, and the rows of all.
  together: u32,
  rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> log_sum_exp: array<f32>;

// Width of a head / 4.
const QUADS: u32 = 16u;
const TILE: u32 = 64u;
const CHUNKS: u32 = (QUADS + 7u) / 8u;
const LOG2_E: f32 = 1.44269504;

// [half of 16 terms][term][four rows], and [..][..][four columns]; one more, so that neighbours, which write different terms, do
// not meet in one memory bank.
var<workgroup> a_tile: array<array<array<vec4f, 17>, 8>, 2>;
var<workgroup> b_tile: array<array<array<vec4f, 17>, 8>, 2>;
// [query][invocation of its row]
var<workgroup> parts: array<array<f32, 17>, TILE>;
// Of four queries each: the maximum, and what sums so far count since it is that.
var<workgroup> tops: array<vec4f, 16>;
var<workgroup> fades: array<vec4f, 16>;
// Where the sequences of four queries each begin.
var<workgroup> begins: array<vec4u, 16>;

// Of this invocation's 8 queries: with four keys each, four columns each, and sums of the weights of its keys.
var<private> scores: array<vec4f, 8>;
var<private> mixed: array<vec4f, 8>;
var<private> sums: array<f32, 8>;

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

// <paste add_eight>
// Adds the products of eight terms: of this invocation's eight rows with its four columns. Each short loop is a function of its own:
// compilers that count the rounds of loops, against endless ones, begin the count where a function begins, and could not unroll it
// within another loop. What is loaded last is used first, so that one wait is for all.
fn add_eight(sums: ptr<private, array<vec4f, 8>>, half: u32, x: u32, y: u32) {
  for (var k = 0u; k < 8u; k++) {
    let b = b_tile[half][k][x];
    let a0 = a_tile[half][k][y];
    let a1 = a_tile[half][k][y + 8u];
    (*sums)[4] += a1.x * b;
    (*sums)[5] += a1.y * b;
    (*sums)[6] += a1.z * b;
    (*sums)[7] += a1.w * b;
    (*sums)[0] += a0.x * b;
    (*sums)[1] += a0.y * b;
    (*sums)[2] += a0.z * b;
    (*sums)[3] += a0.w * b;
  }
}

// Adds the products of 32 terms, of which each invocation loaded a block of 4 x 4 for the rows and one for the columns.
fn add_chunk(sums: ptr<private, array<vec4f, 8>>, rows: mat4x4f, columns: mat4x4f, id: vec2u, term: u32, quad: u32) {
  workgroupBarrier();
  a_tile[0][term][quad] = rows[0];
  a_tile[1][term][quad] = rows[1];
  b_tile[0][term][quad] = columns[0];
  b_tile[1][term][quad] = columns[1];
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
  workgroupBarrier();
  a_tile[0][term][quad] = rows[2];
  a_tile[1][term][quad] = rows[3];
  b_tile[0][term][quad] = columns[2];
  b_tile[1][term][quad] = columns[3];
  workgroupBarrier();
  add_eight(sums, 0u, id.x, id.y);
  add_eight(sums, 1u, id.x, id.y);
}

// Adds the products of sixteen terms: a number of each of this invocation's rows for term x, and the columns of terms y and y + 8.
fn add_part(sums: ptr<private, array<vec4f, 8>>, factors: array<vec4f, 2>, c0: vec4f, c1: vec4f, x: u32, y: u32) {
  workgroupBarrier();
  a_tile[x / 8u][x % 8u][y] = factors[0];
  a_tile[x / 8u][x % 8u][y + 8u] = factors[1];
  b_tile[0][y][x] = c0;
  b_tile[1][y][x] = c1;
  workgroupBarrier();
  add_eight(sums, 0u, x, y);
  add_eight(sums, 1u, x, y);
}

// Element i of each of eight vectors.
fn elements(v: ptr<private, array<vec4f, 8>>, i: u32) -> array<vec4f, 2> {
  switch (i) {
    case 0u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].x, (*v)[1].x, (*v)[2].x, (*v)[3].x),
        vec4f((*v)[4].x, (*v)[5].x, (*v)[6].x, (*v)[7].x),
      );
    }
    case 1u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].y, (*v)[1].y, (*v)[2].y, (*v)[3].y),
        vec4f((*v)[4].y, (*v)[5].y, (*v)[6].y, (*v)[7].y),
      );
    }
    case 2u: {
      return array<vec4f, 2>(
        vec4f((*v)[0].z, (*v)[1].z, (*v)[2].z, (*v)[3].z),
        vec4f((*v)[4].z, (*v)[5].z, (*v)[6].z, (*v)[7].z),
      );
    }
    default: {
      return array<vec4f, 2>(
        vec4f((*v)[0].w, (*v)[1].w, (*v)[2].w, (*v)[3].w),
        vec4f((*v)[4].w, (*v)[5].w, (*v)[6].w, (*v)[7].w),
      );
    }
  }
}

fn clear(v: ptr<private, array<vec4f, 8>>) {
  for (var i = 0u; i < 8u; i++) {
    (*v)[i] = vec4f();
  }
}
// </paste>

// <paste row_sum>
fn row_sum(row: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < 16u; i++) {
    sum += parts[row][i];
  }
  return sum;
}
// </paste>

fn row_top(row: u32) -> f32 {
  var most = parts[row][0];
  for (var i = 1u; i < 16u; i++) {
    most = max(most, parts[row][i]);
  }
  return most;
}

// Scores that count, of keys from k0 + x on, every 16th, as far as each query sees; the largest of each goes to its row.
fn see(q: u32, k0: u32, x: u32, y: u32) {
  let keys = k0 + x + vec4u(0u, 16u, 32u, 48u);
  let begin = array<vec4u, 2>(begins[y], begins[y + 8u]);
  for (var i = 0u; i < 8u; i++) {
    let row = i / 4u * 32u + i % 4u;
    let first = begin[i / 4u][i % 4u];
    let end = first + params.keys;
    let seen = (keys >= vec4u(first)) & (keys < vec4u(select(end, min(end, q + row + 1u), params.causal == 1u)));
    let s = select(vec4f(-1e30), scores[i] * (params.scale * LOG2_E), seen);
    scores[i] = s;
    parts[4u * y + row][x] = max(max(s.x, s.y), max(s.z, s.w));
  }
}

// Weights in place of scores, and what was summed so far as it counts beside them.
fn weigh(y: u32) {
  let high = array<vec4f, 2>(tops[y], tops[y + 8u]);
  let fade = array<vec4f, 2>(fades[y], fades[y + 8u]);
  for (var i = 0u; i < 8u; i++) {
    let f = fade[i / 4u][i % 4u];
    scores[i] = exp2(scores[i] - high[i / 4u][i % 4u]);
    sums[i] = sums[i] * f + dot(scores[i], vec4f(1.0));
    mixed[i] *= f;
  }
}

@compute @workgroup_size(16, 8)
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
  let q0 = owner % tiles * TILE;
  let row = params.heads * QUADS;
  let stride = 3u * row;
  let q_at = first_row(bundle) * stride + bundle % params.heads * QUADS;
  let k_at = q_at + row;
  let x = id.x;
  let y = id.y;
  let term = local % 8u;
  let quad = local / 8u;
  let column = 16u * group.z + x;
  let v_at = k_at + row + min(column, QUADS - 1u);
  let last = rows - 1u;
  let seen = select(params.keys, count, params.together > 1u);
  let end = select(seen, min(seen, q0 + TILE), params.causal == 1u);
  // The first of this invocation's queries; the other four are 32 further.
  let q = q0 + 4u * y;
  var top = -1e30;
  if (local < TILE) {
    begins[local / 4u][local % 4u] = (q0 + local) / params.length * params.length;
  }
  for (var k0 = 0u; k0 < end; k0 += TILE) {
    clear(&scores);
    for (var chunk = 0u; chunk < CHUNKS; chunk++) {
      let rows = block_of_qkv(q_at, stride, q0 + 4u * quad, 1u, chunk * 8u + term);
      let columns = block_of_qkv(k_at, stride, k0 + quad, 16u, chunk * 8u + term);
      add_chunk(&scores, rows, columns, id.xy, term, quad);
    }
    see(q, k0, x, y);
    workgroupBarrier();
    if (local < TILE) {
      let highest = max(top, row_top(local));
      tops[local / 4u][local % 4u] = highest;
      fades[local / 4u][local % 4u] = exp2(top - highest);
      top = highest;
    }
    workgroupBarrier();
    weigh(y);
    for (var part = 0u; part < 4u; part++) {
      let key = k0 + 16u * part + y;
      let v0 = qkv[v_at + min(key, last) * stride];
      let v1 = qkv[v_at + min(key + 8u, last) * stride];
      add_part(&mixed, elements(&scores, part), v0, v1, x, y);
    }
  }
  for (var i = 0u; i < 8u; i++) {
    parts[4u * y + i / 4u * 32u + i % 4u][x] = sums[i];
  }
  workgroupBarrier();
  if (local < TILE) {
    let sum = row_sum(local);
    tops[local / 4u][local % 4u] = sum;
    if (q0 + local < rows && group.z == 0u) {
      log_sum_exp[statistic_of(bundle, q0 + local)] = (top + log2(sum)) / LOG2_E;
    }
  }
  workgroupBarrier();
  for (var i = 0u; i < 8u; i++) {
    let query = q + i / 4u * 32u + i % 4u;
    let at = (first_row(bundle) + query) * row + bundle % params.heads * QUADS;
    if (query < rows && column < QUADS) {
      out[at + column] = mixed[i] / tops[y + i / 4u * 8u][i % 4u];
    }
  }
}
