// exp stays finite: its argument is at most 80.
fn sigmoid(a: T) -> T {
  return 1.0 / (1.0 + exp(min(-a, T(80.0))));
}
