// Gradient of cosine_logits.wgsl by f: with u = sum over c of grad[r, c] t[c] and h = f[r] inverse_norm[r],
// d_f[r] = temperature * inverse_norm[r] * (u - h (h . u)); the second term is missing where the norm was clamped to 1e-12,
// since it is a constant there. grad [rows, classes]; f, d_f [rows, width]; t [classes, width]; inverse_norm [rows].
// One invocation per row. Caller: src/kernels/cosine_logits.ts.
// Loops: 2 * (classes + 1) * (width + 1) where (classes + 1) * (width + 1) <= 30720

struct Params {
  rows: u32,
  width: u32,
  classes: u32,
  temperature: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> grad: array<f32>;
@group(0) @binding(2) var<storage, read> f: array<f32>;
@group(0) @binding(3) var<storage, read> t: array<f32>;
@group(0) @binding(4) var<storage, read> inverse_norm: array<f32>;
@group(0) @binding(5) var<storage, read_write> d_f: array<f32>;

const WORKGROUP: u32 = 16u;

// u[i] of the header.
fn pull(row: u32, i: u32) -> f32 {
  var sum = 0.0;
  for (var c = 0u; c < params.classes; c++) {
    sum += grad[row * params.classes + c] * t[c * params.width + i];
  }
  return sum;
}

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  let inverse = inverse_norm[row];
  var along = 0.0;
  for (var i = 0u; i < params.width; i++) {
    along += f[base + i] * inverse * pull(row, i);
  }
  // A clamped norm left 1e12 up to rounding.
  along = select(along, 0.0, inverse > 0.999e12);
  for (var i = 0u; i < params.width; i++) {
    d_f[base + i] = params.temperature * inverse * (pull(row, i) - f[base + i] * inverse * along);
  }
}
