import { unitName } from './conformal.ts';
import type { DecisionCase, Decisions, Verdict } from './decide.ts';
import type { DecisionRule } from './decision_rule.ts';
import { expectedCalibrationError, type ReliabilityBin, reliability } from './probability.ts';
import { type Rate, rate } from './rate.ts';
import { number, percent, rateText } from './rule_text.ts';

/** The errors that decisions turned out to make on labelled images. */
export interface RealisedRates {
  /** Normal ones that were called abnormal; borderline ones count as the side that they are on. */
  readonly falsePositives: Rate;
  /** Abnormal ones that were called abnormal. */
  readonly sensitivity: Rate;
  readonly borderline: number;
}

/** A rule on labelled images that it has not seen. */
export interface RealisedDecisions {
  /** SHA-256 of what the rule came from. */
  readonly hash: string;
  /** Images that weights or rule were made of: they are in none of the rates. */
  readonly leftOut: number;
  readonly alpha: number;
  readonly point: DecisionRule['point'];
  readonly images: RealisedRates;
  /** A patient is abnormal when an image of the patient is; null where nobody said whom images are of. */
  readonly patients: RealisedRates | null;
  /** Probabilities against what came of them; null without probabilities. */
  readonly probability: { readonly bins: readonly ReliabilityBin[]; readonly error: number } | null;
  readonly coverage: Decisions['coverage'];
  readonly shift: Decisions['shift'];
}

/** Counts what a rule has done to labelled images. @param labels 1 is abnormal */
export function realisedDecisions(
  rule: DecisionRule,
  cases: readonly DecisionCase[],
  labels: readonly (0 | 1)[],
  { images, patients, coverage, shift }: Decisions,
): RealisedDecisions {
  const isNew = (_: unknown, i: number) => !cases[i].isKnown;
  const [newImages, newLabels] = [images.filter(isNew), labels.filter(isNew)];
  const probabilities = newImages.map(({ probability }) => probability);
  const known = probabilities.every((p) => p !== null);
  const bins = known && rule.probabilities ? reliability(probabilities as number[], newLabels) : null;
  /** As patients are named, those of whom an image is known. */
  const met = new Set(cases.flatMap(({ patient, isKnown }, i) => (isKnown ? [unitName(patient, i)] : [])));
  const newPatients = patients?.filter(({ patient }) => !met.has(patient)) ?? null;
  const ill = new Set(cases.flatMap(({ patient }, i) => (labels[i] === 1 ? [unitName(patient, i)] : [])));
  return {
    hash: rule.from.hash,
    alpha: rule.alpha,
    point: rule.point,
    leftOut: images.length - newImages.length,
    images: ratesOf(newImages, newLabels),
    patients:
      newPatients &&
      ratesOf(
        newPatients,
        newPatients.map(({ patient }) => (ill.has(patient) ? 1 : 0)),
      ),
    probability: bins && { bins, error: expectedCalibrationError(bins) },
    coverage,
    shift,
  };
}

function ratesOf(
  decisions: readonly { readonly called: boolean; readonly verdict: Verdict }[],
  labels: readonly (0 | 1)[],
): RealisedRates {
  const of = (label: 0 | 1) => {
    const own = decisions.filter((_, i) => labels[i] === label);
    return rate(own.filter(({ called }) => called).length, own.length);
  };
  const borderline = decisions.filter(({ verdict }) => verdict === 'borderline').length;
  return { falsePositives: of(0), sensitivity: of(1), borderline };
}

/** The errors that a rule made on labelled images, in lines. */
export function realisedLines({
  images,
  patients,
  probability,
  point,
  coverage,
  leftOut,
}: RealisedDecisions): string[] {
  const errors = (what: string, { falsePositives, sensitivity, borderline }: RealisedRates) =>
    `  ${what}: ${rateText(falsePositives)} of the normal ones were called abnormal, and ${rateText(sensitivity)} of the abnormal ones` +
    `${borderline > 0 ? `; ${borderline} are borderline` : ''}`;
  const asked = point.by === 'given' ? '' : ` (${point.by} ${percent(point.level)})`;
  const lines = [`calibrated decisions, threshold ${number(point.threshold)}${asked}`, errors('images', images)];
  if (leftOut > 0) {
    const are = leftOut === 1 ? 'one image is' : `${leftOut} images are`;
    lines.push(`  ${are} left out: the weights or this calibration were made of them`);
  }
  if (patients) lines.push(errors('patients', patients));
  if (probability) lines.push(`  expected calibration error of the probabilities: ${probability.error.toFixed(3)}`);
  return [...lines, coverage.text];
}
