fn finish(row: Row, query: u32, at: u32, statistic: u32) {
  if (query >= params.length) {
    return;
  }
  for (var quad = 0u; quad < params.quads; quad++) {
    out[at + quad] /= row.sum;
  }
  log_sum_exp[statistic + query] = row.top + log(row.sum);
}
