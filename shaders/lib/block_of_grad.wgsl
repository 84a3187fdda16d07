// Four numbers of rows row, row + between, row + 2 between and row + 3 between, transposed: element [column][row]; zeros beyond the
// head.
fn block_of_grad(at: u32, stride: u32, row: u32, between: u32, quad: u32) -> mat4x4f {
  let last = rows - 1u;
  let column = at + min(quad, QUADS - 1u);
  let fours = transpose(mat4x4f(
    grad[column + min(row, last) * stride],
    grad[column + min(row + between, last) * stride],
    grad[column + min(row + 2u * between, last) * stride],
    grad[column + min(row + 3u * between, last) * stride],
  ));
  if (QUADS % 8u == 0u) {
    return fours;
  }
  return fours * select(0.0, 1.0, quad < QUADS);
}
