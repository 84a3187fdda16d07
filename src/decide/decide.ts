import { visible } from '../base/visible.ts';
import { alphaThreshold, conformalPValues, NORMAL_IMAGES, patientScores, requireShare, sharesOf } from './conformal.ts';
import type { DecisionRule } from './decision_rule.ts';
import { benjaminiHochberg } from './false_discovery.ts';
import type { ImageFacts } from './image_facts.ts';
import { probabilityOf } from './probability.ts';
import { originText, percent, pointText } from './rule_text.ts';
import { compareBatch, LEAST_BATCH, type Moved, onePerPatient, type ShiftReport } from './shift.ts';

/** `borderline`: nearer to the threshold than the numerical error, so another adapter may find it on the other side. */
export type Verdict = 'normal' | 'abnormal' | 'borderline';

/** A decision on an image or a patient. */
export interface Decision {
  /** Conformal: how rarely a normal one looks as abnormal. */
  readonly pValue: number;
  /** Benjamini–Hochberg over those decided together; null when no false-discovery rate was asked for. */
  readonly adjusted: number | null;
  /** Of abnormal; null without labelled cases. */
  readonly probability: number | null;
  /** Whether the score reaches the threshold, or the adjusted p-value the rate that was asked for. */
  readonly called: boolean;
  /** The same, or `borderline`. */
  readonly verdict: Verdict;
}

/** Decisions on images together. */
export interface Decisions {
  readonly images: readonly Decision[];
  /** By patient, the largest score of its images; null where the rule has no patients. */
  readonly patients: readonly (Decision & { readonly patient: string; readonly score: number })[] | null;
  readonly coverage: Coverage;
  /** How the batch compares with the calibration set; null for fewer images than can be compared. */
  readonly shift: ShiftReport | null;
}

/** Whether the error rates of the calibration hold for a batch. */
export interface Coverage {
  /** `covered`, `shifted`: an alarm, so they may not hold; `unchecked`: too few images to tell. */
  readonly state: 'covered' | 'shifted' | 'unchecked';
  /** What holds, or what moved, in a sentence. */
  readonly text: string;
}

/** An image to be decided on. */
export interface DecisionCase {
  readonly score: number;
  readonly patient: string | null;
  /** Null where they were not looked at: the batch is then not compared. */
  readonly facts: ImageFacts | null;
  /** Whether weights or rule were made of the image, so that nothing is promised of it. */
  readonly isKnown?: boolean;
}

/**
 * Decides on images that were scored together.
 * @param falseDiscovery the share of normal images among those called abnormal that is asked for; null: each image is decided by
 * the operating point alone
 */
export function decideAll(
  rule: DecisionRule,
  cases: readonly DecisionCase[],
  falseDiscovery: number | null = null,
): Decisions {
  if (falseDiscovery !== null) requireShare(falseDiscovery, 'The false-discovery rate');
  const scores = cases.map(({ score }) => score);
  const ofImages = { scores: rule.scores, shares: sharesOf(rule.imagesOfPatient) };
  const images = decisionsOf(rule, scores, ofImages, rule.point.threshold, falseDiscovery).map((decision, i) => ({
    ...decision,
    probability: rule.probabilities && probabilityOf(rule.probabilities.map, scores[i]),
  }));
  const units = rule.patientScores ? onePerPatient(cases) : cases;
  const shift = compared(rule, units);
  const known = cases.filter(({ isKnown }) => isKnown).length;
  const coverage = withKnown(coverageOf(rule, falseDiscovery, shift, units.length), known);
  if (!rule.patientScores || rule.patientThreshold === null) return { images, patients: null, coverage, shift };
  const grouped = patientScores(
    scores,
    cases.map(({ patient }) => patient),
  );
  const ofPatients = { scores: rule.patientScores, shares: null };
  const decided = decisionsOf(rule, grouped.scores, ofPatients, rule.patientThreshold, falseDiscovery);
  const patients = decided.map((decision, i) => ({
    ...decision,
    patient: grouped.patients[i],
    score: grouped.scores[i],
  }));
  return { images, patients, coverage, shift };
}

/** The share of a map's pixels that are marked: where any at all are, a normal image would have none but in a share alpha. */
export function markedShare(rule: DecisionRule, map: ArrayLike<number>): number {
  let marked = 0;
  for (let i = 0; i < map.length; i++) if (map[i] >= rule.pixelThreshold) marked++;
  return marked / map.length;
}

/** A pixel's p-value: the share of normal images whose largest pixel is as large. It holds for all pixels of an image at once. */
export function pixelPValues(rule: DecisionRule, map: ArrayLike<number>): Float64Array<ArrayBuffer> {
  return conformalPValues(map, rule.peaks, sharesOf(rule.imagesOfPatient));
}

/** Scores of normal cases, and what each counts. */
interface KnownScores {
  readonly scores: readonly number[];
  readonly shares: readonly number[] | null;
}

/** Decides by a threshold, or by adjusted p-values. */
function decisionsOf(
  { point }: DecisionRule,
  scores: readonly number[],
  normals: KnownScores,
  threshold: number,
  falseDiscovery: number | null,
): Decision[] {
  const pValues = conformalPValues(scores, normals.scores, normals.shares);
  const adjusted = falseDiscovery === null ? null : benjaminiHochberg(pValues);
  /** The threshold if all scores were larger by as much: what one of them is decides on the others as well. */
  const cutOf = (more: number) => {
    if (falseDiscovery === null) return threshold;
    const moved = scores.map((score) => score + more);
    return falseDiscoveryCut(moved, normals, falseDiscovery);
  };
  const [cut, highest, lowest] = [0, -point.tolerance, point.tolerance].map(cutOf);
  return scores.map((score, i) => {
    const surely = verdictOf(score, highest, point.tolerance) === 'abnormal';
    const never = verdictOf(score, lowest, point.tolerance) === 'normal';
    return {
      pValue: pValues[i],
      adjusted: adjusted?.[i] ?? null,
      probability: null,
      called: score >= cut,
      verdict: surely ? 'abnormal' : never ? 'normal' : 'borderline',
    };
  });
}

/** False-discovery control calls what has no larger p-value than the last one called, which is a threshold of scores as well. */
function falseDiscoveryCut(scores: readonly number[], normals: KnownScores, rate: number): number {
  const pValues = conformalPValues(scores, normals.scores, normals.shares);
  const adjusted = benjaminiHochberg(pValues);
  const largest = pValues.reduce((most, p, i) => (adjusted[i] <= rate ? Math.max(most, p) : most), 0);
  return largest === 0
    ? Number.POSITIVE_INFINITY
    : alphaThreshold(normals.scores, largest, NORMAL_IMAGES, normals.shares);
}

/** A verdict by the distance to a threshold. */
export function verdictOf(score: number, threshold: number, tolerance: number): Verdict {
  if (Math.abs(score - threshold) < tolerance) return 'borderline';
  return score >= threshold ? 'abnormal' : 'normal';
}

function compared(rule: DecisionRule, cases: readonly DecisionCase[]): ShiftReport | null {
  if (cases.length < LEAST_BATCH || cases.some(({ facts }) => facts === null)) return null;
  const batch = cases.map(({ score, facts }) => ({ score, ...facts! }));
  return compareBatch(rule.reference, batch, { alpha: rule.alpha });
}

function coverageOf(
  rule: DecisionRule,
  falseDiscovery: number | null,
  shift: ShiftReport | null,
  count: number,
): Coverage {
  const promise =
    falseDiscovery === null
      ? pointText(rule)
      : `at most ${percent(falseDiscovery)} of the images called abnormal are expected to be normal`;
  const held = `${promise}, calibrated on ${originText(rule)}`;
  if (!shift) {
    const why =
      count < LEAST_BATCH
        ? `${count} ${rule.patientScores ? 'patient' : 'image'}${count === 1 ? ' is' : 's are'} too few to tell whether they come from the same source (${LEAST_BATCH} are enough)`
        : 'whether these images come from the same source was not looked at';
    return { state: 'unchecked', text: `${held}; ${why}.` };
  }
  if (!shift.alarm) return { state: 'covered', text: `${held}; these images look like them.` };
  return {
    state: 'shifted',
    text: `NOT COVERED: these images are not like those of the calibration (${shift.moved.map(movedText).join('; ')}), so its error rates may not hold; calibrate on normal images of this source.`,
  };
}

/** Says of how many images nothing is promised, whatever the batch is like. */
function withKnown(coverage: Coverage, count: number): Coverage {
  if (count === 0) return coverage;
  const are = count === 1 ? 'One of these images is' : `${count} of these images are`;
  const text = `${coverage.text} ${are} among those that the weights or this calibration were made of, and not covered.`;
  return { ...coverage, text };
}

function movedText({ what, test, pValue, calibration, batch, statistic }: Moved): string {
  if (test === 'images that are called abnormal') {
    return `${(100 * statistic).toFixed(0)} % are called abnormal, which is a shift or a batch of hardly any normal image`;
  }
  const p = `p = ${pValue.toPrecision(2)}`;
  if (calibration === null || batch === null) return `${what} of the images, ${p}`;
  return `${what} ${shown(calibration)} there, ${shown(batch)} here, ${p}`;
}

function shown(value: number | string): string {
  // What stands in a file may be meant for a terminal.
  return typeof value === 'string' ? visible(value) : value.toPrecision(3);
}
