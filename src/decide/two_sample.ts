import { exp } from '../base/elementary.ts';
import { ruleStream } from '../base/rule.ts';

/**
 * Whether two sets of cases may have come from one source: statistics, and their p-values by permutation, which are exact
 * for any sizes and distributions, with ties too.
 */

/** Divisions of the pooled cases at random: which are in the first set. They are the same for every statistic. */
export interface Divisions {
  readonly first: number;
  readonly second: number;
  /** One list of places of the first set each. */
  readonly drawn: readonly Uint32Array<ArrayBuffer>[];
}

/** Draws divisions of `first + second` cases, a pure function of the seed. */
export function divisions(first: number, second: number, seed: number, count = 999): Divisions {
  const random = ruleStream('divisions', seed);
  let next = 0;
  const places = Uint32Array.from({ length: first + second }, (_, i) => i);
  const drawn = Array.from({ length: count }, () => {
    // The first steps of a shuffle; going on from the last one is as good as starting anew.
    for (let i = 0; i < first; i++) {
      const other = i + Math.floor((random(next++) / 2 ** 32) * (places.length - i));
      [places[i], places[other]] = [places[other], places[i]];
    }
    return places.slice(0, first);
  });
  return { first, second, drawn };
}

/**
 * The share of divisions, the one that was seen counted among them, whose statistic is at least as large.
 * @param statistic of the division that puts the cases of these places into the first set
 */
export function permutationPValue({ first, drawn }: Divisions, statistic: (places: Uint32Array) => number): number {
  const seen = statistic(Uint32Array.from({ length: first }, (_, i) => i));
  // What is equal but for the order of a sum is equal.
  const least = seen - 1e-12 * Math.abs(seen);
  const asLarge = drawn.reduce((n, places) => n + (statistic(places) >= least ? 1 : 0), 0);
  return (1 + asLarge) / (1 + drawn.length);
}

/** The Kolmogorov–Smirnov statistic of two samples as a function of a division: the largest distance of their distributions. */
export function kolmogorovSmirnov(pooled: ArrayLike<number>, first: number): (places: Uint32Array) => number {
  const order = Array.from(pooled, (_, i) => i).sort((a, b) => pooled[a] - pooled[b]);
  const second = pooled.length - first;
  const isFirst = new Uint8Array(pooled.length);
  return (places) => {
    isFirst.fill(0);
    for (const place of places) isFirst[place] = 1;
    let [a, b, most] = [0, 0, 0];
    for (let i = 0; i < order.length; i++) {
      if (isFirst[order[i]]) a++;
      else b++;
      // Only between different values is there a place to compare at.
      if (i + 1 < order.length && pooled[order[i + 1]] === pooled[order[i]]) continue;
      most = Math.max(most, Math.abs(a / first - b / second));
    }
    return most;
  };
}

/** The total variation distance of the names of two samples, as a function of a division: half the sum of |share − share|. */
export function totalVariation(pooled: readonly string[], first: number): (places: Uint32Array) => number {
  const kinds = [...new Set(pooled)];
  const kindOf = pooled.map((name) => kinds.indexOf(name));
  const all = new Float64Array(kinds.length);
  for (const kind of kindOf) all[kind]++;
  const second = pooled.length - first;
  return (places) => {
    const inside = new Float64Array(kinds.length);
    for (const place of places) inside[kindOf[place]]++;
    return all.reduce((sum, n, kind) => sum + Math.abs(inside[kind] / first - (n - inside[kind]) / second), 0) / 2;
  };
}

/**
 * The squared maximum mean discrepancy (biased form) with a Gaussian kernel whose width is the median distance of the pooled
 * cases, as a function of a division.
 * @param pooled vectors of one length
 */
export function meanDiscrepancy(pooled: readonly ArrayLike<number>[], first: number): (places: Uint32Array) => number {
  const kernel = gaussianKernel(pooled);
  const count = pooled.length;
  const second = count - first;
  const rows = new Float64Array(count);
  let all = 0;
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) rows[i] += kernel[i * count + j];
    all += rows[i];
  }
  return (places) => {
    // The sum within the first set and its rows give the other two.
    let [within, row] = [first, 0];
    for (let a = 0; a < first; a++) {
      const base = places[a] * count;
      row += rows[places[a]];
      for (let b = 0; b < a; b++) within += 2 * kernel[base + places[b]];
    }
    const across = row - within;
    const rest = all - row - across;
    return Math.max(0, within / (first * first) + rest / (second * second) - (2 * across) / (first * second));
  };
}

/** exp(−d²/2w²) of all pairs [n, n], w the median of the distances that are not 0. */
function gaussianKernel(vectors: readonly ArrayLike<number>[]): Float64Array<ArrayBuffer> {
  const count = vectors.length;
  const kernel = new Float64Array(count * count);
  const distances: number[] = [];
  for (let i = 0; i < count; i++) {
    for (let j = i + 1; j < count; j++) {
      let square = 0;
      for (let k = 0; k < vectors[i].length; k++) square += (vectors[i][k] - vectors[j][k]) ** 2;
      kernel[i * count + j] = square;
      kernel[j * count + i] = square;
      if (square > 0) distances.push(square);
    }
  }
  const sorted = Float64Array.from(distances).sort();
  const middle = (sorted.length - 1) / 2;
  const median =
    sorted.length === 0 ? 1 : (Math.sqrt(sorted[Math.floor(middle)]) + Math.sqrt(sorted[Math.ceil(middle)])) / 2;
  return kernel.map((square) => exp(-square / (2 * median * median)));
}
