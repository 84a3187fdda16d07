// A residual is added, or the value is multiplied by the slope of an activation there, as in activation_backward.wgsl.
fn joined(value: T, residual: T) -> T {
  switch ((params.epilogue >> 5u) & 3u) {
    case 1u: { return select(T(0.0), value, residual > T(0.0)); }
    case 2u: {
      let density = 0.398942280 * exp(-min(0.5 * residual * residual, T(80.0)));
      return value * (normal_cdf(residual) + residual * density);
    }
    case 3u: {
      let s = 1.0 / (1.0 + exp(min(-1.702 * residual, T(80.0))));
      return value * (s * (1.0 + 1.702 * residual * (1.0 - s)));
    }
    default: { return value + residual; }
  }
}
