/** Standard deviation, in millimetres, of what smooths maps from slice to slice. */
export const SMOOTHING_MM = 3;

/** The part of a volume's slices whose mean score is the volume's. */
export const TOP_SLICES = 0.05;

/**
 * Maps of slices, smoothed from slice to slice by a Gaussian in millimetres, so that thick slices are smoothed less. Slices without a
 * map (null) count for nothing, and stay without one.
 * @param distance millimetres between slices
 */
export function smoothedSlices(
  maps: readonly (Float32Array | null)[],
  distance: number,
  sigma = SMOOTHING_MM,
): (Float32Array<ArrayBuffer> | null)[] {
  const reach = Math.floor((3 * sigma) / distance);
  return maps.map((own, k) => {
    if (!own) return null;
    const out = new Float32Array(own.length);
    let total = 0;
    for (let other = Math.max(0, k - reach); other <= Math.min(maps.length - 1, k + reach); other++) {
      const map = maps[other];
      if (!map) continue;
      const weight = Math.exp(-0.5 * (((other - k) * distance) / sigma) ** 2);
      total += weight;
      for (let i = 0; i < out.length; i++) out[i] += weight * map[i];
    }
    for (let i = 0; i < out.length; i++) out[i] /= total;
    return out;
  });
}

/** The score of a volume: the mean of the highest 5 % of its slices' scores, at least of one. */
export function volumeScore(scores: readonly number[]): number {
  const sorted = [...scores].sort((a, b) => b - a);
  const top = sorted.slice(0, Math.max(1, Math.ceil(TOP_SLICES * sorted.length)));
  return top.reduce((sum, score) => sum + score, 0) / top.length;
}
