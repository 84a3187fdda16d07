fn rows_of_grad(base: u32, stride: u32, first: u32) -> mat4x4f {
  let last = params.length - 1u;
  return mat4x4f(
    grad[base + min(first, last) * stride],
    grad[base + min(first + 1u, last) * stride],
    grad[base + min(first + 2u, last) * stride],
    grad[base + min(first + 3u, last) * stride],
  );
}
