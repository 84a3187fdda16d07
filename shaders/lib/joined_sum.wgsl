fn joined(value: T, residual: T) -> T {
  return value + residual;
}
