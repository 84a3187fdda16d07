// logits[r, c] = temperature * (f[r] . t[c]) / max(|f[r]|, 1e-12), inverse_norm[r] = 1 / max(|f[r]|, 1e-12).
// f [rows, width]; t [classes, width], already normalised; logits [rows, classes]; inverse_norm [rows] is kept for the
// backward. One invocation per row. Caller: src/kernels/cosine_logits.ts.
// Loops: (classes + 1) * (width + 1) where (classes + 1) * (width + 1) <= 30720

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

// f[row] . f[row] when c is `classes`, else f[row] . t[c]. Eight partial sums: the temperature magnifies rounding errors,
// and eight short sums have a third of those of one long sum.
fn dot_product(base: u32, c: u32) -> f32 {
  let width = params.width;
  let own = c == params.classes;
  let other = c * width;
  var low = vec4f();
  var high = vec4f();
  var i = 0u;
  for (; i + 8u <= width; i += 8u) {
    let at = base + i;
    let x0 = vec4f(f[at], f[at + 1u], f[at + 2u], f[at + 3u]);
    let x1 = vec4f(f[at + 4u], f[at + 5u], f[at + 6u], f[at + 7u]);
    if (own) {
      low += x0 * x0;
      high += x1 * x1;
    } else {
      let to = other + i;
      low += x0 * vec4f(t[to], t[to + 1u], t[to + 2u], t[to + 3u]);
      high += x1 * vec4f(t[to + 4u], t[to + 5u], t[to + 6u], t[to + 7u]);
    }
  }
  var rest = 0.0;
  for (; i < width; i++) {
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
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  let inverse = 1.0 / max(sqrt(dot_product(base, params.classes)), 1e-12);
  inverse_norm[row] = inverse;
  for (var c = 0u; c < params.classes; c++) {
    logits[row * params.classes + c] = params.temperature * inverse * dot_product(base, c);
  }
}
