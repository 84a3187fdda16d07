// Element i of the result.
fn gather(i: u32) -> T {
  let id = ids[i / params.width];
  let column = i % params.width;
  if (id < params.entries) {
    return table[id * params.width + column];
  }
  if (id == 0xffffffffu) {
    return T();
  }
  return more[(id - params.entries) * params.width + column];
}
