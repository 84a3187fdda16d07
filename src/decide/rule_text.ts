import { counted } from '../base/counted.ts';
import type { DecisionRule } from './decision_rule.ts';
import type { Rate } from './rate.ts';

/** What an operating point promises. */
export function pointText({ point: { by, level, falsePositives } }: DecisionRule): string {
  if (by === 'given') return 'the threshold was given, so no error rate is promised; p-values are';
  const share = percent(level);
  if (by === 'alpha') return `at most ${share} of normal images are called abnormal`;
  return `at least ${share} of abnormal images are called abnormal (and ${percent(falsePositives.share)} of normal ones)`;
}

/** What a rule came from. */
export function originText({ from }: DecisionRule): string {
  const patients = from.patients === null ? '' : ` of ${counted(from.patients, 'patient')}`;
  const labelled =
    from.labelled && `, ${from.labelled.normal} normal and ${from.labelled.abnormal} abnormal labelled ones`;
  return `${counted(from.normals, 'normal image')}${patients}${labelled ?? ''}`;
}

/** A rule for people, in lines. */
export function ruleLines(rule: DecisionRule): string[] {
  const { point, patientThreshold, pixelThreshold, probabilities, from, scores, imagesOfPatient } = rule;
  const lines = [
    `calibrated on ${originText(rule)} (SHA-256 ${from.hash.slice(0, 16)}…)`,
    `operating point: ${pointText(rule)}`,
    `  image threshold ${number(point.threshold)}; nearer to it than ${number(point.tolerance)} a score is borderline`,
    `  normal images of the calibration at or above it: ${rateText(point.falsePositives)}`,
  ];
  if (point.sensitivity) lines.push(`  labelled abnormal images at or above it: ${rateText(point.sensitivity)}`);
  if (patientThreshold !== null)
    lines.push(`  patient threshold ${number(patientThreshold)}, of the largest score of a patient's images`);
  lines.push(
    `  pixel threshold ${number(pixelThreshold)}: ${percent(rule.alpha)} of normal images have any pixel at or above it`,
  );
  lines.push(`p-values from 1/${1 + (imagesOfPatient && from.patients !== null ? from.patients : scores.length)}`);
  if (probabilities) {
    const { map, prevalence, errorBefore, errorAfter } = probabilities;
    const kind = map.kind === 'platt' ? 'Platt' : 'isotonic';
    lines.push(
      `probability (${kind}), where ${percent(prevalence)} are abnormal as in the labelled set: expected calibration error ` +
        `${errorAfter.toFixed(3)} on cases left out, ${errorBefore.toFixed(3)} of the scores by themselves`,
    );
  } else if (from.labelled) lines.push('no probability: it takes at least 10 labelled cases of either kind');
  else lines.push('no probability: it takes labelled cases (--labelled DIR)');
  return lines;
}

/** A share of cases with its interval. */
export function rateText({ count, of, share, low, high }: Rate): string {
  if (of === 0) return '0 of 0';
  return `${count} of ${of} (${percent(share)}, 95 % interval ${percent(low)} to ${percent(high)})`;
}

/** A share in per cent. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** A score of six digits. */
export function number(value: number): string {
  return String(Number(value.toPrecision(6)));
}
