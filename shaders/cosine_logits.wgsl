// logits[r, c] = temperature * (f[r] . t[c]) / max(|f[r]|, 1e-12), inverse_norm[r] = 1 / max(|f[r]|, 1e-12).
// f [rows, width]; t [classes, width], already normalised; logits [rows, classes]; inverse_norm [rows] is kept for the
// backward. One invocation per row. Caller: src/kernels/cosine_logits.ts.
// Loops: (classes + 1) * width (at most 61440)

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

@compute @workgroup_size(WORKGROUP)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.y * (groups.x * WORKGROUP) + id.x;
  if (row >= params.rows) {
    return;
  }
  let base = row * params.width;
  var squares = 0.0;
  for (var i = 0u; i < params.width; i++) {
    let x = f[base + i];
    squares += x * x;
  }
  let inverse = 1.0 / max(sqrt(squares), 1e-12);
  inverse_norm[row] = inverse;
  for (var c = 0u; c < params.classes; c++) {
    var sum = 0.0;
    for (var i = 0u; i < params.width; i++) {
      sum += f[base + i] * t[c * params.width + i];
    }
    logits[row * params.classes + c] = params.temperature * inverse * sum;
  }
}
