// Takes the innermost axis off an index: what is left of it, and the place along that axis.
fn split(i: u32, extent: u32) -> vec2u {
  let left = i / extent;
  return vec2u(left, i - left * extent);
}
