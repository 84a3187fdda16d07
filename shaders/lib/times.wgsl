// Sixteen dot products with one row: element [j][i] is x . b_j[i].
fn times(x: vec4f, b0: mat4x4f, b1: mat4x4f, b2: mat4x4f, b3: mat4x4f) -> mat4x4f {
  return mat4x4f(x * b0, x * b1, x * b2, x * b3);
}
