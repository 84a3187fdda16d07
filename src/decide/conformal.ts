import { FusionclipError } from '../base/errors.ts';

/**
 * Conformal p-values: the share of normal images, the new one counted among them, that look at least as abnormal as it does.
 * For a normal image that is exchangeable with the calibration images, P(p ≤ α) ≤ α, whatever the scores are.
 */

/**
 * `(1 + #{normals ≥ score}) / (n + 1)` for each score; ties count against the image, so the error rate is kept with them too.
 * @param normals scores of normal images that played no part in training
 * @throws FusionclipError `not_finite` for a NaN, `bad_data` without normals
 */
export function conformalPValues(scores: ArrayLike<number>, normals: ArrayLike<number>): Float64Array<ArrayBuffer> {
  if (normals.length === 0) throw tooFew(0, 1, NORMAL_IMAGES);
  const sorted = ascending(normals, 'a calibration score');
  return Float64Array.from(scores, (score) => {
    if (Number.isNaN(score)) throw notANumber('a score');
    return (1 + sorted.length - countBelow(sorted, score)) / (sorted.length + 1);
  });
}

/** What is counted, as the refusals name it. */
export interface Counted {
  readonly one: string;
  readonly many: string;
}

/** Normal images of a calibration. */
export const NORMAL_IMAGES: Counted = { one: 'normal image', many: 'normal images' };
/** Their patients. */
export const NORMAL_PATIENTS: Counted = { one: 'normal patient', many: 'normal patients' };
/** Abnormal images of a labelled set. */
export const ABNORMAL_IMAGES: Counted = { one: 'abnormal image', many: 'abnormal images' };
/** Their patients. */
export const ABNORMAL_PATIENTS: Counted = { one: 'abnormal patient', many: 'abnormal patients' };

/** How many calibration scores a level takes: the least n with 1/(n + 1) ≤ level, which is 1/level − 1 rounded up. */
export function casesNeeded(level: number): number {
  // 1/level is off by a rounding where it should be whole.
  return Math.max(1, Math.ceil(1 / level - 1 - 1e-9));
}

/**
 * Refuses fewer calibration scores than a level takes: no p-value could be at or below it, so nothing would ever be abnormal.
 * @throws FusionclipError `bad_data`, with the number needed
 */
export function requireCases(count: number, level: number, what: Counted = NORMAL_IMAGES): void {
  const needed = casesNeeded(level);
  if (count < needed) throw tooFew(count, needed, what, level);
}

/**
 * The least score that is abnormal at level alpha: scores at or above it are those with p ≤ alpha. It is the next float32 above
 * the k-th largest calibration score, k = ⌊alpha (n + 1)⌋, since p ≤ alpha where fewer than k of them are as large. Scores are float32.
 * @throws FusionclipError as `requireCases`
 */
export function alphaThreshold(normals: ArrayLike<number>, alpha: number, what: Counted = NORMAL_IMAGES): number {
  requireCases(normals.length, alpha, what);
  const sorted = ascending(normals, 'a calibration score');
  const rank = rankOf(alpha, sorted.length);
  return rank > sorted.length ? Number.NEGATIVE_INFINITY : nextFloat32(sorted[sorted.length - rank]);
}

/**
 * The largest threshold that a new abnormal image reaches with at least this probability: the k-th smallest score of the abnormal
 * images, k = ⌊(1 − sensitivity)(m + 1)⌋.
 * @throws FusionclipError as `requireCases`
 */
export function sensitivityThreshold(abnormal: ArrayLike<number>, sensitivity: number, what = ABNORMAL_IMAGES): number {
  const level = 1 - sensitivity;
  requireCases(abnormal.length, level, what);
  const sorted = ascending(abnormal, 'a score of an abnormal image');
  return sorted[rankOf(level, sorted.length) - 1];
}

/**
 * One score a patient: the largest of the patient's images. New patients have to be like those of the calibration set in the
 * number of images too: of more images the largest is larger.
 * @param patients of each score, by name; null: the image is a patient by itself
 * @returns scores by patient, in the order of their first image
 */
export function patientScores(
  scores: ArrayLike<number>,
  patients: readonly (string | null)[],
): { readonly patients: readonly string[]; readonly scores: readonly number[] } {
  const most = new Map<string, number>();
  patients.forEach((patient, i) => {
    const name = patient === null ? `image ${i}` : `patient ${patient}`;
    most.set(name, Math.max(most.get(name) ?? Number.NEGATIVE_INFINITY, scores[i]));
  });
  return { patients: [...most.keys()], scores: [...most.values()] };
}

/** The next larger float32; of the largest one, infinity. */
export function nextFloat32(value: number): number {
  const rounded = Math.fround(value);
  if (rounded > value || !Number.isFinite(rounded)) return rounded;
  if (rounded === 0) return 2 ** -149;
  const float = new Float32Array([rounded]);
  const bits = new Int32Array(float.buffer);
  bits[0] += rounded > 0 ? 1 : -1;
  return float[0];
}

/** ⌊level (n + 1)⌋, where a rounding must not take one from a whole number. */
function rankOf(level: number, count: number): number {
  return Math.floor(level * (count + 1) + 1e-9);
}

/** How many of ascending values are smaller. */
function countBelow(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function ascending(values: ArrayLike<number>, what: string): Float64Array<ArrayBuffer> {
  const sorted = Float64Array.from(values).sort();
  // NaNs are sorted to the end.
  if (Number.isNaN(sorted[sorted.length - 1])) throw notANumber(what);
  return sorted;
}

function notANumber(what: string): FusionclipError {
  return new FusionclipError('not_finite', `${what} is no number, so nothing can be decided; train the model again.`);
}

/** The refusal, which also says why the support images are none of them. */
function tooFew(count: number, needed: number, { one, many }: Counted, level?: number): FusionclipError {
  const at = level === undefined ? 'a calibration' : `a level of ${Number(level.toPrecision(6))}`;
  const found = `${count} ${count === 1 ? one : many}`;
  const rule = level === undefined ? '' : ' (1/level − 1)';
  return new FusionclipError(
    'bad_data',
    `${found} cannot calibrate: ${at} takes at least ${needed}${rule}; give more that training has not seen, or a larger level. ` +
      'The support images cannot stand in: the weights are fitted to them, and scores of each with it left out of the bank are no scores of new images.',
  );
}
