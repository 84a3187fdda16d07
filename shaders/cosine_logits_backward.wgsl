// Gradient of cosine_logits.wgsl by f: with u = sum over c of grad[r, c] t[c] and h = f[r] inverse_norm[r],
// d_f[r] = temperature * inverse_norm[r] * (u - h (h . u)); the second term is missing where the norm was clamped to 1e-12,
// since it is a constant there. Where f is not positive, d_f is multiplied by `slope`: 0 makes it the gradient of what a ReLU
// was given whose results f are, 1 leaves it. grad [rows, classes]; f, d_f [rows, width]; t [classes, width]; inverse_norm [rows].
// Caller: src/kernels/cosine_logits.ts.
// Loops: 2 * (classes + 1) * (width / 4 / LANES + 4) + steps where (classes + 1) * (width + 1) <= 30720, steps <= 16

struct Params {
  rows: u32,
  width: u32,
  classes: u32,
  temperature: f32,
  slope: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<f32>;
@group(0) @binding(4) var<storage, read> inverse_norm: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_f: array<f32>;

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

// u[i] of the header.
fn pull(row: u32, i: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    sum += grad[row * params.classes + c] * t[c * params.width + i];
  }
  return sum;
}

// The same of four columns.
fn pull_four(row: u32, i: u32) -> vec4f {
  var sum = vec4f();
  for (var c = 0u; c < params.classes; c++) {
    let to = c * params.width + i;
    sum += grad[row * params.classes + c] * vec4f(t[to], t[to + LANES], t[to + 2u * LANES], t[to + 3u * LANES]);
  }
  return sum;
}

// d_f of four columns.
fn from_four(u: vec4f, x: vec4f, factor: f32, along: f32) -> vec4f {
  return factor * (u - x * along) * select(vec4f(params.slope), vec4f(1.0), x > vec4f(0.0));
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
  let width = select(0u, params.width, at < params.rows);
  let even = width & ~(4u * LANES - 1u);
  let base = row * params.width;
  let inverse = inverse_norm[row];
  var sums = vec4f();
  for (var i = lane; i < even; i += 4u * LANES) {
    let to = base + i;
    let h = vec4f(f[to], f[to + LANES], f[to + 2u * LANES], f[to + 3u * LANES]) * inverse;
    sums += h * pull_four(row, i);
  }
  for (var i = even + lane; i < width; i += LANES) {
    sums.x += f[base + i] * inverse * pull(row, i);
  }
  let product = row_total((sums.x + sums.y) + (sums.z + sums.w), local);
  // A clamped norm left 1e12 up to rounding.
  let along = select(product, 0.0, inverse > 0.999e12) * inverse;
  let factor = params.temperature * inverse;
  for (var i = lane; i < even; i += 4u * LANES) {
    let to = base + i;
    let x = vec4f(f[to], f[to + LANES], f[to + 2u * LANES], f[to + 3u * LANES]);
    let d = from_four(pull_four(row, i), x, factor, along);
    d_f[to] = d.x;
    d_f[to + LANES] = d.y;
    d_f[to + 2u * LANES] = d.z;
    d_f[to + 3u * LANES] = d.w;
  }
  for (var i = even + lane; i < width; i += LANES) {
    d_f[base + i] = from_four(vec4f(pull(row, i)), vec4f(f[base + i]), factor, along).x;
  }
}
