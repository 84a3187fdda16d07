import { FusionclipError } from '../base/errors.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import { originText, pointText } from '../decide/rule_text.ts';
import type { ClassScores } from '../metrics/bootstrap.ts';
import { aurocInterval, aurocOf, shareInterval } from '../metrics/exact.ts';
import { type Threshold, type Thresholds, thresholdText } from './set_metrics.ts';

/** Scores of labelled images, and which these are. */
export interface ClassedScores extends ClassScores {
  readonly of: Threshold['from'] | 'test';
}

/** The threshold that is wanted in place of the run's. */
export interface ThresholdChoice {
  /** The threshold itself. */
  readonly threshold?: number | null;
  /** What it has to reach on the images that thresholds are chosen on, e.g. `sensitivity=0.95` or `specificity=0.9`. */
  readonly at?: string | null;
  /** Share of normal images among those called abnormal; null: each image is decided by itself. Needs a calibration. */
  readonly falseDiscovery?: number | null;
}

/** A share of images, with its exact interval of 95 %. */
export interface SeenShare {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly images: number;
}

/** The image threshold that predictions go by, and what is known of it. */
export interface ImageThreshold {
  readonly value: number;
  readonly from: Threshold['from'] | 'given' | 'calibration';
  /** What it was chosen for. */
  readonly rule: string;
  /** On which images sensitivity and specificity were seen; null where none are known. */
  readonly seenOn: ClassedScores['of'] | null;
  readonly sensitivity: SeenShare | null;
  readonly specificity: SeenShare | null;
}

/** What a run is known to be worth, for whoever predicts with it. */
export interface Worth {
  readonly point: ImageThreshold | null;
  /** Says so where the run tells normal from abnormal no better than chance, as far as is known; else null. */
  readonly warning: string | null;
}

/** What a run has seen of labelled images. */
export interface SeenScores {
  readonly thresholds: Thresholds;
  /** Scores of the images that the thresholds were chosen on; null where they are not known. */
  readonly scores: ClassedScores | null;
  /** Scores of the test images of the run; null where they are not known. */
  readonly testScores: ClassedScores | null;
  /** A calibration, whose operating point comes before the thresholds. */
  readonly rule?: DecisionRule | null;
}

/** What images are called. */
const NAMES: Readonly<Record<ClassedScores['of'], string>> = {
  test: 'the test images',
  valid: 'the validation images',
  support: 'the support images',
};

/**
 * The threshold of a run, or the one that is asked for, and what labelled images say of it: those of the test split where
 * the run has scored them, else those that thresholds were chosen on.
 * @throws FusionclipError `usage` for a wish that is none, or that cannot be met
 */
export function worthOf(
  { thresholds, scores, testScores, rule = null }: SeenScores,
  choice: ThresholdChoice = {},
): Worth {
  const seen = testScores ?? scores;
  const chosen = chosenThreshold(thresholds.image, rule, scores, choice);
  const point = chosen && {
    ...chosen,
    seenOn: seen?.of ?? null,
    sensitivity: seen && rate(seen.abnormal, (score) => score >= chosen.value),
    specificity: seen && rate(seen.normal, (score) => score < chosen.value),
  };
  return { point, warning: seen && chanceWarning(seen, point) };
}

/** A threshold with where it comes from and what it does, as a sentence. */
export function pointSentence({ value, from, rule, seenOn, sensitivity, specificity }: ImageThreshold): string {
  const source = from === 'given' ? 'given' : from === 'calibration' ? rule : `chosen on ${NAMES[from]} for ${rule}`;
  const warning =
    from === 'support'
      ? ' Each support image was left out of the bank in its turn for it, which is no calibration: the weights are fitted to them (fusionclip calibrate makes one).'
      : '';
  const rates =
    seenOn && sensitivity && specificity
      ? `; on ${NAMES[seenOn]} it has a sensitivity of ${rateText(sensitivity)} and a specificity of ${rateText(specificity)}`
      : '; what it does to labelled images is not known';
  return `Threshold ${thresholdText(value)}, ${source}${rates}.${warning}`;
}

function rateText({ value, low, high, images }: SeenShare): string {
  return `${value.toFixed(2)} (95 % interval ${low.toFixed(2)} to ${high.toFixed(2)}, ${images} image${images === 1 ? '' : 's'})`;
}

function chosenThreshold(
  own: Threshold | null,
  calibrated: DecisionRule | null,
  scores: ClassedScores | null,
  { threshold = null, at = null, falseDiscovery = null }: ThresholdChoice,
): Pick<ImageThreshold, 'value' | 'from' | 'rule'> | null {
  if (threshold !== null && at !== null) {
    throw new FusionclipError(
      'usage',
      'A threshold and what it has to reach are given; give one of --threshold and --at.',
    );
  }
  if (falseDiscovery !== null && (threshold !== null || at !== null)) {
    throw new FusionclipError(
      'usage',
      'A false-discovery rate decides on all images together, so it takes no threshold; give --fdr, or one of --threshold and --at.',
    );
  }
  if (threshold !== null) {
    if (Number.isFinite(threshold)) return { value: threshold, from: 'given', rule: 'given' };
    throw new FusionclipError('usage', `--threshold is a number, not ${threshold}.`);
  }
  if (at === null && calibrated) {
    const rule = `${pointText(calibrated)}, calibrated on ${originText(calibrated)}`;
    return { value: calibrated.point.threshold, from: 'calibration', rule };
  }
  if (at === null) return own && { value: own.value, from: own.from, rule: `the largest F1 (${own.f1.toFixed(2)})` };
  const [, what, text] = /^(sensitivity|specificity)=(.+)$/.exec(at) ?? [];
  const wanted = Number(text);
  if (!(wanted >= 0 && wanted <= 1)) {
    throw new FusionclipError(
      'usage',
      `--at is sensitivity=SHARE or specificity=SHARE with a share from 0 to 1, not "${at}".`,
    );
  }
  if (!scores || scores.normal.length === 0 || scores.abnormal.length === 0 || scores.of === 'test') {
    const text =
      'There are no scores of labelled images of both classes with these weights, so --at cannot be met; give --threshold X.';
    throw new FusionclipError('usage', text);
  }
  const from = scores.of;
  const rule = `a ${what} of at least ${wanted}`;
  // Thresholds that can be told apart by these images are their scores, and one above all of them.
  const values = [...new Set([...scores.normal, ...scores.abnormal])].sort((a, b) => a - b);
  values.push(nextFloat(values.at(-1)!));
  if (what === 'sensitivity') {
    const reached = values.filter((value) => rate(scores.abnormal, (score) => score >= value).value >= wanted);
    return { value: reached.at(-1)!, from, rule };
  }
  return { value: values.find((value) => rate(scores.normal, (score) => score < value).value >= wanted)!, from, rule };
}

/** The next larger float32. */
function nextFloat(value: number): number {
  const words = new Uint32Array(Float32Array.of(value).buffer);
  if (value === 0) words[0] = 1;
  else words[0] += value > 0 ? 1 : -1;
  return new Float32Array(words.buffer)[0];
}

function rate(scores: readonly number[], right: (score: number) => boolean): SeenShare {
  const count = scores.filter(right).length;
  return { value: count / scores.length, ...shareInterval(count, scores.length), images: scores.length };
}

function chanceWarning(seen: ClassedScores, point: ImageThreshold | null): string | null {
  if (seen.normal.length === 0 || seen.abnormal.length === 0) return null;
  const { low, high } = aurocInterval(seen);
  if (low <= 0.5 && high >= 0.5) {
    const auroc = aurocOf(seen).toFixed(3);
    return `at chance: the AUROC on ${NAMES[seen.of]} is ${auroc} with a 95 % interval of ${low.toFixed(3)} to ${high.toFixed(3)}`;
  }
  if (point?.specificity?.value === 0)
    return `at chance: the threshold calls all normal ones of ${NAMES[seen.of]} abnormal`;
  return null;
}
