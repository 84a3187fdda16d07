// Column i is row first + i of the matrix at `base`, four columns of it; rows beyond the end repeat the last.
fn rows_of_qkv(base: u32, stride: u32, first: u32) -> mat4x4f {
  let last = params.length - 1u;
  return mat4x4f(
    qkv[base + min(first, last) * stride],
    qkv[base + min(first + 1u, last) * stride],
    qkv[base + min(first + 2u, last) * stride],
    qkv[base + min(first + 3u, last) * stride],
  );
}
