/** torch's Adam / AdamW in float64, in place, step number t. */
export function adam(
  state: { param: Float64Array; m: Float64Array; v: Float64Array },
  grad: ArrayLike<number>,
  o: { lr: number; betas: readonly [number, number]; eps: number; weightDecay: number; step: number; clip: number },
): void {
  const [beta1, beta2] = o.betas;
  for (let i = 0; i < state.param.length; i++) {
    const g = o.clip * grad[i];
    state.param[i] *= 1 - o.lr * o.weightDecay;
    state.m[i] = beta1 * state.m[i] + (1 - beta1) * g;
    state.v[i] = beta2 * state.v[i] + (1 - beta2) * g * g;
    const mean = state.m[i] / (1 - beta1 ** o.step);
    state.param[i] -= (o.lr * mean) / (Math.sqrt(state.v[i] / (1 - beta2 ** o.step)) + o.eps);
  }
}
