// The largest of what the invocations that share a row hold, for each of them, as row_total adds them.
fn row_most(own: f32, local: u32) -> f32 {
  if (LANE_BITS == 0u) {
    return own;
  }
  parts[local] = own;
  workgroupBarrier();
  let eight = min(LANES, 8u);
  let first = local & ~(eight - 1u);
  var some = parts[first];
  for (var i = 1u; i < eight; i++) {
    some = max(some, parts[first + i]);
  }
  workgroupBarrier();
  parts[local] = some;
  workgroupBarrier();
  let row = local & ~(LANES - 1u);
  var most = parts[row];
  for (var i = 8u; i < LANES; i += 8u) {
    most = max(most, parts[row + i]);
  }
  workgroupBarrier();
  return most;
}
