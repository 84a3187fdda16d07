// One half of each InfoNCE term: for row r < rows of the cosines (picture r against all texts), then for column r - rows
// (a text against all pictures): log_sum_exp[r] = log sum exp(s c), s = exp(log_scale), and parts[r] = weights[r]
// log_sum_exp[r], for a row less the sum of wanted s c: wanted is the weighted sum of the targets of row and column, so that
// each is taken once. cosine, wanted [rows, columns]; log_scale [1]; weights, parts, log_sum_exp [rows + columns].
// Caller: src/kernels/info_nce.ts.
// Loops: 2 * (rows + columns) where rows <= 4096, columns <= 4096

struct Params {
  rows: u32,
  columns: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cosine: array<f32>;
@group(0) @binding(2) var<storage, read> log_scale: array<f32>;
@group(0) @binding(3) var<storage, read> wanted: array<f32>;
@group(0) @binding(4) var<storage, read> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> parts: array<f32>;
@group(0) @binding(6) var<storage, read_write> log_sum_exp: array<f32>;

const WORKGROUP: u32 = 16u;

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let rows = params.rows;
  let columns = params.columns;
  let r = id.y * (groups.x * WORKGROUP) + id.x;
  if (r >= rows + columns) {
    return;
  }
  let column = r >= rows;
  let first = select(r * columns, r - rows, column);
  let step = select(1u, columns, column);
  let count = select(columns, rows, column);
  let scale = exp(log_scale[0]);
  var most = cosine[first];
  for (var i = 1u; i < count; i++) {
    most = max(most, cosine[first + i * step]);
  }
  var sum = 0.0;
  var right = 0.0;
  for (var i = 0u; i < count; i++) {
    let at = first + i * step;
    let c = cosine[at];
    sum += exp(scale * (c - most));
    right += wanted[at] * c;
  }
  let all = scale * most + log(sum);
  log_sum_exp[r] = all;
  parts[r] = weights[r] * all - select(scale * right, 0.0, column);
}
