// The activation of an epilogue; exp stays finite.
fn activate(x: T) -> T {
  switch (params.epilogue & 3u) {
    case 1u: { return max(x, T(0.0)); }
    case 2u: { return x * normal_cdf(x); }
    case 3u: { return x / (1.0 + exp(min(-1.702 * x, T(80.0)))); }
    default: { return x; }
  }
}
