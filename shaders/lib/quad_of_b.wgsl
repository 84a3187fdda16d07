// Numbers 4 q … 4 q + 3 of b.
fn quad_of_b(q: u32) -> vec4f {
  if (B_FORMAT == 0u) {
    return bitcast<vec4f>(b[q]);
  }
  let words = b[q / 2u];
  let pairs = select(words.xy, words.zw, (q & 1u) == 1u);
  if (B_FORMAT == 1u) {
    return vec4f(unpack2x16float(pairs.x), unpack2x16float(pairs.y));
  }
  return bitcast<vec4f>(vec4u(pairs.x << 16u, pairs.x & 0xffff0000u, pairs.y << 16u, pairs.y & 0xffff0000u));
}
