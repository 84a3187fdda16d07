import { exp } from '../base/elementary.ts';
import type { AxisOrder } from './plane.ts';

/** Slices of a volume in one plane. */
export interface SliceStack {
  readonly order: AxisOrder;
  /** The path of each slice's picture, from the first on; null for one that has none. */
  readonly slices: readonly (string | null)[];
}

/** How what is said of slices becomes what is said of volumes; a run stores it with its settings. */
export interface VolumeRule {
  /** The part of a volume's slices, at least one, whose mean score, of the highest ones, is the volume's. */
  readonly top: number;
  /** Standard deviation, in millimetres, of the Gaussian that smooths maps from slice to slice; 0 does not. */
  readonly smooth: number;
}

/** One slice of {@link smoothedSlices}; null where it has no map. */
export function smoothedSlice(
  maps: readonly (Float32Array | null)[],
  k: number,
  distance: number,
  sigma: number,
): Float32Array<ArrayBuffer> | null {
  const own = maps[k];
  if (!own) return null;
  const reach = Math.floor((3 * sigma) / distance);
  const out = new Float32Array(own.length);
  let total = 0;
  for (let other = Math.max(0, k - reach); other <= Math.min(maps.length - 1, k + reach); other++) {
    const map = maps[other];
    if (!map) continue;
    const weight = other === k ? 1 : exp(-0.5 * (((other - k) * distance) / sigma) ** 2);
    total += weight;
    for (let i = 0; i < out.length; i++) out[i] += weight * map[i];
  }
  for (let i = 0; i < out.length; i++) out[i] /= total;
  return out;
}

/**
 * Maps of slices, smoothed from slice to slice by a Gaussian in millimetres, so that thick slices are smoothed less. Slices without a
 * map (null) count for nothing, and stay without one.
 * @param distance millimetres between slices
 */
export function smoothedSlices(
  maps: readonly (Float32Array | null)[],
  distance: number,
  sigma: number,
): (Float32Array<ArrayBuffer> | null)[] {
  return maps.map((_, k) => smoothedSlice(maps, k, distance, sigma));
}

/**
 * Maps of slices of which every `stride`-th was scored: those between are mixed of their two neighbours; where one of these has no
 * map, the nearer one decides, and where one is missing, the other.
 */
export function filledSlices(
  maps: readonly (Float32Array | null)[],
  stride: number,
  missing: ReadonlySet<number> = new Set(),
): (Float32Array | null)[] {
  return maps.map((own, k) => {
    const before = k - (k % stride);
    if (before === k) return own;
    const [low, high] = [maps[before], maps[before + stride] ?? null];
    if (missing.has(before)) return high;
    if (missing.has(before + stride)) return low;
    const share = (k - before) / stride;
    if (!low || !high) return share <= 0.5 ? low : high;
    return low.map((value, i) => value * (1 - share) + high[i] * share);
  });
}

/** The score of a volume by those of its slices: the mean of the highest ones, the part `top` of them and at least one. */
export function volumeScore(scores: readonly number[], top: number): number {
  const sorted = [...scores].sort((a, b) => b - a);
  const highest = sorted.slice(0, Math.max(1, Math.ceil(top * sorted.length)));
  return highest.reduce((sum, score) => sum + score, 0) / highest.length;
}

/** The rule as it is kept with results. */
export interface StoredRule extends VolumeRule {
  /** Every how many slices one was scored. */
  readonly stride: number;
  /** The same for people. */
  readonly text: string;
}

/** A rule with what it says. */
export function storedRule(rule: VolumeRule, stride = 1): StoredRule {
  const part = `the highest ${Number((100 * rule.top).toPrecision(3))} % of its${stride > 1 ? ' scored' : ''} slices`;
  const some = stride > 1 ? `one slice of ${stride} is scored; ` : '';
  return {
    ...rule,
    stride,
    text:
      `${some}a volume's score is the mean of ${part}, a patient's the highest of its volumes; ` +
      `maps are smoothed by ${rule.smooth} mm from slice to slice`,
  };
}
