/**
 * Symmetric InfoNCE in float64: mean over rows and columns of the cross-entropy between softmax(s · cosine) and a target
 * spread evenly over all that is true, s = exp(logScale).
 * @param cosine [B, B]
 * @param truth whether text j is true of picture i, [i][j]
 */
export function infoNce(cosine: ArrayLike<number>, logScale: number, truth: readonly (readonly boolean[])[]): number {
  const batch = truth.length;
  const scale = Math.exp(logScale);
  let loss = 0;
  for (let k = 0; k < batch; k++) {
    for (const [at, right] of [
      [(i: number) => k * batch + i, truth[k]],
      [(i: number) => i * batch + k, truth.map((row) => row[k])],
    ] as const) {
      const share = 1 / right.filter(Boolean).length;
      const logits = truth.map((_, i) => scale * cosine[at(i)]);
      const most = Math.max(...logits);
      const all = most + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
      for (let i = 0; i < batch; i++) if (right[i]) loss += share * (all - logits[i]);
    }
  }
  return loss / (2 * batch);
}
