import { FusionclipError } from '../base/errors.ts';

/**
 * Conformal p-values: the share of normal images, the new one counted among them, that look at least as abnormal as it does.
 * For a normal image that is exchangeable with the calibration images, P(p ≤ α) ≤ α, whatever the scores are.
 *
 * Images of one patient are not exchangeable with those of another. Where patients are known, each of them counts as one case, and
 * each of the patient's images as its part of that (Lee, Barber and Willett, arXiv:2306.06342): then the bound holds for an image of
 * a new patient, however many images some patients have.
 */

/**
 * `(1 + #{normals ≥ score}) / (n + 1)` for each score; ties count against the image, so the error rate is kept with them too.
 * @param normals scores of normal images that played no part in training
 * @param shares what each of them counts, as {@link sharesOf} says; null: each is a case by itself
 * @throws FusionclipError `not_finite` for a NaN, `bad_data` without normals
 */
export function conformalPValues(
  scores: ArrayLike<number>,
  normals: ArrayLike<number>,
  shares: ArrayLike<number> | null = null,
): Float64Array<ArrayBuffer> {
  if (normals.length === 0) throw tooFew(0, 1, NORMAL_IMAGES);
  const { sorted, from } = ranked(normals, shares, 'a calibration score');
  return Float64Array.from(scores, (score) => {
    if (Number.isNaN(score)) throw notANumber('a score');
    return (1 + from[countBelow(sorted, score)]) / (1 + from[0]);
  });
}

/** What each image counts where a patient is one case: one by the number of the patient's images. */
export function sharesOf(imagesOfPatient: readonly number[] | null): number[] | null {
  return imagesOfPatient?.map((count) => 1 / count) ?? null;
}

/** Of each image, how many images its patient has; those of nobody stand for themselves. Null where nobody is named. */
export function countOfPatient(patients: readonly (string | null)[]): number[] | null {
  if (patients.every((patient) => patient === null)) return null;
  const counts = new Map<string | null, number>();
  for (const patient of patients) counts.set(patient, (counts.get(patient) ?? 0) + 1);
  return patients.map((patient) => (patient === null ? 1 : counts.get(patient)!));
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
 * @throws FusionclipError `bad_data`, with the number needed; `usage` for a level that is none
 */
export function requireCases(count: number, level: number, what: Counted = NORMAL_IMAGES): void {
  if (!(level > 0)) throw new FusionclipError('usage', `A level is a number above 0, not ${level}.`);
  const needed = casesNeeded(level);
  if (count < needed) throw tooFew(count, needed, what, level);
}

/**
 * The least score that is abnormal at level alpha: scores at or above it are those with p ≤ alpha. It is the next float32 above the
 * largest calibration score whose own p-value is larger; where each image is a case, that is the k-th largest of n, k = ⌊alpha (n + 1)⌋.
 * Scores are float32.
 * @param shares as {@link conformalPValues} takes them
 * @throws FusionclipError as `requireCases`
 */
export function alphaThreshold(
  normals: ArrayLike<number>,
  alpha: number,
  what: Counted = NORMAL_IMAGES,
  shares: ArrayLike<number> | null = null,
): number {
  const { sorted, from } = ranked(normals, shares, 'a calibration score');
  requireCases(Math.round(from[0]), alpha, what);
  const most = alpha * (1 + from[0]) + ROUNDING;
  for (let i = sorted.length - 1; i >= 0; i--) if (1 + from[i] > most) return nextFloat32(sorted[i]);
  return Number.NEGATIVE_INFINITY;
}

/**
 * The largest threshold that a new abnormal image reaches with at least this probability; where each image is a case, that is the
 * k-th smallest score of m abnormal images, k = ⌊(1 − sensitivity)(m + 1)⌋.
 * @param shares as {@link conformalPValues} takes them
 * @throws FusionclipError as `requireCases`
 */
export function sensitivityThreshold(
  abnormal: ArrayLike<number>,
  sensitivity: number,
  what = ABNORMAL_IMAGES,
  shares: ArrayLike<number> | null = null,
): number {
  const level = 1 - sensitivity;
  const { sorted, from } = ranked(abnormal, shares, 'a score of an abnormal image');
  requireCases(Math.round(from[0]), level, what);
  const most = level * (1 + from[0]) + ROUNDING;
  // The last one is more than any level, so there is one.
  return sorted.find((_, i) => 1 + from[0] - from[i + 1] > most)!;
}

/** How a patient is named among images of nobody, which stand for themselves. @param at place of the image */
export function unitName(patient: string | null, at: number): string {
  return patient === null ? `image ${at}` : `patient ${patient}`;
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
    const name = unitName(patient, i);
    most.set(name, Math.max(most.get(name) ?? Number.NEGATIVE_INFINITY, scores[i]));
  });
  return { patients: [...most.keys()], scores: [...most.values()] };
}

/**
 * Refuses what is no share between 0 and 1, as a program may give it: nothing, or everything, would be abnormal by it.
 * @throws FusionclipError `usage`
 */
export function requireShare(share: number, name: string): void {
  if (typeof share === 'number' && share > 0 && share < 1) return;
  throw new FusionclipError('usage', `${name} is a number above 0 and below 1, not ${share}.`);
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

/** A rounding must not take one from a whole number. */
const ROUNDING = 1e-9;

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

/** Scores in ascending order, and what those from each place on count together; behind the last of them nothing. */
function ranked(
  values: ArrayLike<number>,
  shares: ArrayLike<number> | null,
  what: string,
): { readonly sorted: Float64Array<ArrayBuffer>; readonly from: Float64Array<ArrayBuffer> } {
  const count = values.length;
  for (let i = 0; i < count; i++) if (Number.isNaN(values[i])) throw notANumber(what);
  const order = shares && Array.from({ length: count }, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const sorted = order ? Float64Array.from(order, (i) => values[i]) : Float64Array.from(values).sort();
  const from = new Float64Array(count + 1);
  for (let i = count - 1; i >= 0; i--) from[i] = from[i + 1] + (order ? shares[order[i]] : 1);
  return { sorted, from };
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
