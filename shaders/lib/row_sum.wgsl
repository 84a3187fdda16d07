fn row_sum(row: u32) -> f32 {
  var sum = 0.0;
  for (var i = 0u; i < 16u; i++) {
    sum += parts[row][i];
  }
  return sum;
}
