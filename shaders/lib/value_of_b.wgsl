// Number i of b.
fn value_of_b(i: u32) -> f32 {
  if (B_FORMAT == 0u) {
    return bitcast<f32>(b[i]);
  }
  let word = b[i / 2u];
  let odd = (i & 1u) == 1u;
  if (B_FORMAT == 1u) {
    let pair = unpack2x16float(word);
    return select(pair.x, pair.y, odd);
  }
  return bitcast<f32>(select(word << 16u, word & 0xffff0000u, odd));
}
