/**
 * Area under the per-region-overlap curve: at each threshold the mean over lesions of their covered share, against the
 * share of normal pixels that are predicted abnormal, up to a false-positive rate of `maxFpr`. A small lesion counts as
 * much as a large one. Regions are 8-connected.
 */
import { FusionclipError } from '../base/errors.ts';
import { allSteps, type Steps } from '../base/steps.ts';
import { type Components, components } from './components.ts';
import {
  notANumber,
  orderedKey,
  type Ranking,
  rankPixels,
  type ScoredMap,
  type ScoredMaps,
  type Tally,
  walked,
} from './ranking.ts';

/**
 * The form of APRIL-GAN and of the papers compared with: `steps` equal steps of threshold between the lowest and the
 * highest score of the whole set (predicted abnormal: strictly above), points with a false-positive rate strictly below
 * `maxFpr`, that axis rescaled to [0, 1] by its own extremes, trapezoids.
 *
 * NaN without lesions, without normal pixels, for constant or infinite maps, or when the kept false-positive rates are
 * all equal. Throws `FusionclipError('not_finite')` for a NaN. Two passes over the maps; memory for one image.
 */
export function aupro(maps: ScoredMaps, maxFpr = 0.3, steps = 200): number {
  return allSteps(auproInSteps(maps, maxFpr, steps));
}

/** {@link aupro} in steps of a map. */
export function* auproInSteps(maps: ScoredMaps, maxFpr = 0.3, steps = 200): Steps<number> {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { map } of maps) {
    for (let i = 0; i < map.length; i++) {
      if (map[i] < low) low = map[i];
      if (map[i] > high) high = map[i];
      if (Number.isNaN(map[i])) throw notANumber(`pixel ${i}`);
    }
    yield;
  }
  if (!(high > low) || high - low === Number.POSITIVE_INFINITY) return Number.NaN;
  const thresholds = Float64Array.from({ length: steps }, (_, k) => low + k * ((high - low) / steps));
  const normalAbove = new Float64Array(steps); // pixels
  const overlapAbove = new Float64Array(steps); // sum over lesions of the covered share
  let normal = 0;
  let lesions = 0;
  for (const scored of maps) {
    const regions = regionsOf(scored);
    const count = regions ? regions.areas.length : 1;
    // above[region * (steps + 1) + k]: pixels of the region that exceed exactly k thresholds
    const above = new Float64Array(count * (steps + 1));
    for (let i = 0; i < scored.map.length; i++) {
      above[(regions ? regions.labels[i] : 0) * (steps + 1) + exceeded(thresholds, scored.map[i], low, high)]++;
    }
    for (let region = 0; region < count; region++) {
      const area = regions ? regions.areas[region] : scored.map.length;
      let pixels = 0;
      for (let k = steps - 1; k >= 0; k--) {
        pixels += above[region * (steps + 1) + k + 1];
        if (region === 0) normalAbove[k] += pixels;
        else overlapAbove[k] += pixels / area;
      }
      if (region === 0) normal += area;
      else lesions++;
    }
    yield;
  }
  if (lesions === 0 || normal === 0) return Number.NaN;
  const points = Array.from(thresholds, (_, k) => ({ fpr: normalAbove[k] / normal, pro: overlapAbove[k] / lesions }));
  const kept = points.filter(({ fpr }) => fpr < maxFpr);
  if (kept.length < 2) return Number.NaN;
  const [first, last] = [kept[0].fpr, kept[kept.length - 1].fpr]; // falling with the threshold
  if (first === last) return Number.NaN;
  let area = 0;
  for (let k = 1; k < kept.length; k++) {
    const [a, b] = [kept[k - 1], kept[k]];
    area += (((a.fpr - last) / (first - last) - (b.fpr - last) / (first - last)) * (a.pro + b.pro)) / 2;
  }
  return area;
}

/** How many of the rising thresholds `value` is strictly above. The guess from the step is corrected by comparing. */
function exceeded(thresholds: Float64Array, value: number, low: number, high: number): number {
  let k = Math.min(thresholds.length, Math.max(0, Math.ceil(((value - low) / (high - low)) * thresholds.length)));
  while (k > 0 && !(value > thresholds[k - 1])) k--;
  while (k < thresholds.length && value > thresholds[k]) k++;
  return k;
}

/**
 * The exact integral: the curve through all distinct scores from (0, 0), interpolated at `maxFpr`, divided by `maxFpr`
 * (the form of MVTec's evaluation). NaN without lesions or without normal pixels. Pass the `ranking` of the same maps if
 * it is there already.
 *
 * Memory: 2 bytes per normal pixel and 8 per lesion pixel beside the maps. Throws `FusionclipError('not_finite')` for a
 * NaN, and `'bad_data'` above 2^21 lesions, which only masks of noise have.
 */
export function auproExact(maps: ScoredMaps, maxFpr = 0.3, ranking: Ranking = rankPixels(maps)): number {
  return walked(ranking, allSteps(auproExactTally(maps, maxFpr, ranking)));
}

/** {@link auproExact} beside others; in steps of a map until it can be walked with. */
export function* auproExactTally(maps: ScoredMaps, maxFpr: number, ranking: Ranking): Steps<Tally<number>> {
  const { packed, weights, lesions } = yield* sortedLesionPixels(maps);
  let at = packed.length - 1;
  let [normal, overlap] = [0, 0];
  let [fpr, pro] = [0, 0];
  let area = 0;
  let done = lesions === 0 || ranking.negatives === 0;
  const known = !done;
  return {
    visit: (_, positives, negatives) => {
      if (done) return;
      for (let i = 0; i < positives; i++) overlap += weights[packed[at--] % MAX_LESIONS];
      normal += negatives;
      const nextFpr = normal / ranking.negatives;
      const nextPro = overlap / lesions;
      if (nextFpr <= maxFpr) {
        area += ((nextFpr - fpr) * (pro + nextPro)) / 2;
        fpr = nextFpr;
        pro = nextPro;
        return;
      }
      const end = pro + ((nextPro - pro) * (maxFpr - fpr)) / (nextFpr - fpr);
      area += ((maxFpr - fpr) * (pro + end)) / 2;
      done = true;
    },
    result: () => (known ? area / maxFpr : Number.NaN),
  };
}

/** Lesion numbers take 21 bits beside the 32 of a score in the 53 exact bits of a float64. */
const MAX_LESIONS = 2 ** 21;

/** Every lesion pixel as `score key · 2^21 + lesion`, ascending, and what a pixel of each lesion adds to its share. */
function* sortedLesionPixels(
  maps: ScoredMaps,
): Steps<{ packed: Float64Array; weights: Float64Array; lesions: number }> {
  let total = 0;
  for (const { mask } of maps) {
    if (!mask) continue;
    for (let i = 0; i < mask.length; i++) if (mask[i] !== 0) total++;
    yield;
  }
  const packed = new Float64Array(total);
  const weights: number[] = [];
  let at = 0;
  for (const scored of maps) {
    const regions = regionsOf(scored);
    if (!regions) continue;
    const first = weights.length - 1; // regions are numbered from 1
    for (const area of regions.areas.slice(1)) weights.push(1 / area);
    if (weights.length > MAX_LESIONS) {
      throw new FusionclipError(
        'bad_data',
        `the masks hold more than ${MAX_LESIONS} lesions; check that they are masks.`,
      );
    }
    const { map } = scored;
    const bits = new Uint32Array(map.buffer, map.byteOffset, map.length);
    for (let i = 0; i < bits.length; i++) {
      if (regions.labels[i] > 0) packed[at++] = orderedKey(bits[i]) * MAX_LESIONS + first + regions.labels[i];
    }
    yield;
  }
  return { packed: packed.sort(), weights: Float64Array.from(weights), lesions: weights.length };
}

function regionsOf({ mask, width, height, map }: ScoredMap): Components | null {
  if (map.length !== width * height) throw new RangeError(`a ${width}×${height} map has ${map.length} scores`);
  if (!mask) return null;
  if (mask.length !== map.length) throw new RangeError(`${map.length} scores for ${mask.length} mask pixels`);
  return components(mask, width, height);
}
