struct Place {
  low: u32,
  high: u32,
  part: f32,
}

fn place(index: u32, step: i32, offset: i32, den: i32, count: u32) -> Place {
  let s = u32(clamp(i32(index) * step + offset, 0, (i32(count) - 1) * den));
  let low = s / u32(den);
  return Place(low, min(low + 1u, count - 1u), f32(s % u32(den)) / f32(den));
}
