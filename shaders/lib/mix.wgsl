// The sum of sixteen rows (the columns of b_j), each times one element of w.
fn mix(w: mat4x4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> vec4f {
  return b0 * w[0] + b1 * w[1] + b2 * w[2] + b3 * w[3];
}
