// x times each of four vectors: element i is x . b[i].
fn dots(x: vec4f, b: mat4x4f) -> vec4f {
  return vec4f(dot(x, b[0]), dot(x, b[1]), dot(x, b[2]), dot(x, b[3]));
}
