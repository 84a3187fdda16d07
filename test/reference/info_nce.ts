/**
 * Symmetric InfoNCE in float64: mean over rows and columns of the cross-entropy between softmax(s · cosine) and a target
 * spread evenly over equal captions, s = exp(logScale).
 * @param cosine [B, B]
 * @param captions number of the caption of each pair
 */
export function infoNce(cosine: ArrayLike<number>, logScale: number, captions: readonly number[]): number {
  const batch = captions.length;
  const scale = Math.exp(logScale);
  let loss = 0;
  for (let k = 0; k < batch; k++) {
    const same = captions.map((caption) => caption === captions[k]);
    const share = 1 / same.filter(Boolean).length;
    for (const at of [(i: number) => k * batch + i, (i: number) => i * batch + k]) {
      const logits = captions.map((_, i) => scale * cosine[at(i)]);
      const most = Math.max(...logits);
      const all = most + Math.log(logits.reduce((sum, x) => sum + Math.exp(x - most), 0));
      for (let i = 0; i < batch; i++) if (same[i]) loss += share * (all - logits[i]);
    }
  }
  return loss / (2 * batch);
}
