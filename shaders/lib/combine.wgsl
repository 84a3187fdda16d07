// Two numbers to one, as OP says.
fn combine(a: T, b: T) -> T {
  if (OP == 0u) {
    return a + b;
  } else if (OP == 1u) {
    return a - b;
  } else if (OP == 2u) {
    return a * b;
  } else if (OP == 3u) {
    return a / b;
  } else if (OP == 4u) {
    return a * sign(b);
  }
  return select(T(0.0), T(1.0), a > b);
}
