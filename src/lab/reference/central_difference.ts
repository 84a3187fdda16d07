/**
 * d/dx of Σ grad · f(x) by central differences of fourth order in float64: with the default step good to about 1e-10 of
 * the scale of f for smooth functions, far below what a float32 kernel can be off.
 * @param f a float64 reference of the forward
 * @param x where to differentiate
 * @param grad weight of each output, as a backward kernel gets it
 */
export function centralDifference(
  f: (x: Float64Array) => ArrayLike<number>,
  x: ArrayLike<number>,
  grad: ArrayLike<number>,
  step = 1e-3,
): Float64Array {
  const at = Float64Array.from(x);
  const out = new Float64Array(at.length);
  const loss = (): number => {
    const y = f(at);
    if (y.length !== grad.length)
      throw new Error(`the reference gives ${y.length} values, the gradient ${grad.length}`);
    let sum = 0;
    for (let i = 0; i < y.length; i++) sum += y[i] * grad[i];
    return sum;
  };
  for (let i = 0; i < at.length; i++) {
    const centre = at[i];
    const value = (offset: number): number => {
      at[i] = centre + offset * step;
      return loss();
    };
    out[i] = (8 * (value(1) - value(-1)) - (value(2) - value(-2))) / (12 * step);
    at[i] = centre;
  }
  return out;
}
