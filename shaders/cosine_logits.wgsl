// logits[r, c] = temperature * (f[r] . t[c]) / max(|f[r]|, 1e-12), inverse_norm[r] = 1 / max(|f[r]|, 1e-12).
// f [rows, width]; t [classes, width], already normalised; logits [rows, classes]; inverse_norm [rows] is kept for the
// backward. Caller: src/kernels/cosine_logits.ts.
// Loops: (classes + 1) * (width / 8 / LANES + 9 + steps) where (classes + 1) * (width + 1) <= 30720, steps <= 16

struct Params {
  rows: u32,
  width: u32,
  classes: u32,
  temperature: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> f: array<f32>;
@group(0) @binding(2) var<storage, read> t: array<f32>;
@group(0) @binding(3) var<storage, read_write> logits: array<f32>;
@group(0) @binding(4) var<storage, read_write> inverse_norm: array<f32>;

const WORKGROUP: u32 = 16u;
// 2^LANE_BITS invocations share a row: one on software adapters, neighbours that read side by side on a GPU.
const LANE_BITS: u32 = 0u;
const LANES: u32 = 1u << LANE_BITS;

var<workgroup> parts: array<f32, WORKGROUP>;

// <paste row_total f32>
// Sum of what the invocations that share a row hold, for each of them: of eight neighbours first, then of their sums.
fn row_total(own: f32, local: u32) -> f32 {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local] = own;
  workgroupBarrier();
  let eight = min(LANES, 8u);
  let first = local & ~(eight - 1u);
  var some = parts[first];
  for (var i = 1u; i < eight; i++) {
    some += parts[first + i];
  }
  workgroupBarrier();
  parts[local] = some;
  workgroupBarrier();
  let row = local & ~(LANES - 1u);
  var total = parts[row];
  for (var i = 8u; i < LANES; i += 8u) {
    total += parts[row + i];
  }
  workgroupBarrier();
  return total;
}
// </paste>

// What one invocation has of f[row] . f[row] when c is `classes`, else of f[row] . t[c]. Eight partial sums: the temperature
// magnifies rounding errors, and eight short sums have a third of those of one long sum.
fn dot_product(base: u32, c: u32, lane: u32) -> f32 {
  let width = params.width;
  let own = c == params.classes;
  let other = c * width;
  var low = vec4f();
  var high = vec4f();
  var i = lane;
  for (; i + 7u * LANES < width; i += 8u * LANES) {
    let at = base + i;
    let x0 = vec4f(f[at], f[at + LANES], f[at + 2u * LANES], f[at + 3u * LANES]);
    let x1 = vec4f(f[at + 4u * LANES], f[at + 5u * LANES], f[at + 6u * LANES], f[at + 7u * LANES]);
    if (own) {
      low += x0 * x0;
      high += x1 * x1;
    } else {
      let to = other + i;
      low += x0 * vec4f(t[to], t[to + LANES], t[to + 2u * LANES], t[to + 3u * LANES]);
      high += x1 * vec4f(t[to + 4u * LANES], t[to + 5u * LANES], t[to + 6u * LANES], t[to + 7u * LANES]);
    }
  }
  var rest = 0.0;
  for (; i < width; i += LANES) {
    let x = f[base + i];
    if (own) {
      rest += x * x;
    } else {
      rest += x * t[other + i];
    }
  }
  let sum = low + high;
  return ((sum.x + sum.y) + (sum.z + sum.w)) + rest;
}

@compute @workgroup_size(WORKGROUP)
fn main(
  @builtin(global_invocation_id) id: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let at = (id.y * (groups.x * WORKGROUP) + id.x) >> LANE_BITS;
  let lane = local & (LANES - 1u);
  // What is beyond the end goes along to the barriers.
  let row = min(at, params.rows - 1u);
  let base = row * params.width;
  let owns = at < params.rows && lane == 0u;
  let inverse = 1.0 / max(sqrt(row_total(dot_product(base, params.classes, lane), local)), 1e-12);
  if (owns) {
    inverse_norm[row] = inverse;
  }
  for (var c = 0u; c < params.classes; c++) {
    let product = row_total(dot_product(base, c, lane), local);
    if (owns) {
      logits[row * params.classes + c] = params.temperature * inverse * product;
    }
  }
}
