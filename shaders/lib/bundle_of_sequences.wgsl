// Of a head, a sequence or, where they are short, `together` of them one after the other: its first row, and how many it has.
fn first_row(bundle: u32) -> u32 {
  return bundle / params.heads * (params.together * params.length);
}

fn count_rows(bundle: u32) -> u32 {
  return min(params.together * params.length, params.rows - first_row(bundle));
}

// The place of a row of it in [batch, heads, length].
fn statistic_of(bundle: u32, row: u32) -> u32 {
  let sequence = bundle / params.heads * params.together + row / params.length;
  return (sequence * params.heads + bundle % params.heads) * params.length + row % params.length;
}
