// One half of each InfoNCE term: for row r < rows of the cosines (picture r against all texts), then for column r - rows
// (a text against all pictures): log_sum_exp[r] = log sum exp(s c), s = exp(log_scale), and terms[r] = weights[r]
// log_sum_exp[r], for a row less the sum of wanted s c: wanted is the weighted sum of the targets of row and column, so that
// each is taken once. cosine, wanted [rows, columns]; log_scale [1]; weights, terms, log_sum_exp [rows + columns].
// Workgroups of rows come first. LANES invocations share a row and read it side by side; ACROSS columns lie side by side, and each is
// shared by SHARES invocations that take every SHARES-th picture. Caller: src/kernels/info_nce.ts.
// Loops: 2 * (columns / LANES + rows / SHARES + 2 + LANES) where rows <= 4096, columns <= 4096

struct Params {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cosine: array<f32>;
@group(0) @binding(2) var<storage, read> log_scale: array<f32>;
@group(0) @binding(3) var<storage, read> wanted: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> terms: array<f32>;
@group(0) @binding(6) var<storage, read_write> log_sum_exp: array<f32>;

const WORKGROUP: u32 = 16u;
// One invocation a row or column on software adapters.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;
const ACROSS: u32 = 16u;
const SHARES: u32 = WORKGROUP / ACROSS;

var<workgroup> parts: array<vec2f, WORKGROUP>;

// The largest, or the sum, of what the `count` invocations that share a row or column hold: first, first + step, …
fn largest(own: f32, local: u32, first: u32, step: u32, count: u32) -> f32 {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local].x = own;
  workgroupBarrier();
  var most = own;
  for (var i = 0u; i < count; i++) {
    most = max(most, parts[first + i * step].x);
  }
  workgroupBarrier();
  return most;
}

fn total(own: vec2f, local: u32, first: u32, step: u32, count: u32) -> vec2f {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local] = own;
  workgroupBarrier();
  var sum = vec2f();
  for (var i = 0u; i < count; i++) {
    sum += parts[first + i * step];
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let rows = params.rows;
  let columns = params.columns;
  let at_once = WORKGROUP >> LANE_BITS;
  let row_groups = (rows + at_once - 1u) / at_once;
  let g = group.y * groups.x + group.x;
  let column = g >= row_groups;
  let r = select(g * at_once + (local >> LANE_BITS), rows + (g - row_groups) * ACROSS + local % ACROSS, column);
  let lane = select(local & (LANES - 1u), local / ACROSS, column);
  let lanes = select(LANES, SHARES, column);
  let ours = select(local & ~(LANES - 1u), local % ACROSS, column);
  let apart = select(1u, ACROSS, column);
  // What is beyond the end goes along to the barriers.
  let inside = r < select(rows, rows + columns, column);
  let first = select(r * columns, r - rows, column);
  let step = select(1u, columns, column);
  let count = select(0u, select(columns, rows, column), inside);
  let scale = exp(log_scale[0]);
  var own = -3.4e38;
  for (var i = lane; i < count; i += lanes) {
    own = max(own, cosine[first + i * step]);
  }
  let most = largest(own, local, ours, apart, lanes);
  var sums = vec2f();
  for (var i = lane; i < count; i += lanes) {
    let at = first + i * step;
    let c = cosine[at];
    sums += vec2f(exp(scale * (c - most)), wanted[at] * c);
  }
  let sum = total(sums, local, ours, apart, lanes);
  if (inside && lane == 0u) {
    let all = scale * most + log(sum.x);
    log_sum_exp[r] = all;
    terms[r] = weights[r] * all - select(scale * sum.y, 0.0, column);
  }
}
