import { median } from '../base/average.ts';
import { counted } from '../base/counted.ts';
import { divisions, kolmogorovSmirnov, permutationPValue } from '../decide/two_sample.ts';
import type { ClassedScores, SeenScores } from './image_threshold.ts';

/** p-values below this are said: a calibration is made once, so one in a hundred is a rare false word. */
const LEVEL = 0.01;
/** Of each side: with fewer no division of the pooled scores is rare enough to be said. */
const LEAST = 8;

/**
 * Says so where the normal images of a calibration do not look like those of the run: another organ, scanner or preparation among
 * them gives thresholds that hold for them alone. Scores of both are compared by Kolmogorov–Smirnov with a permutation p-value.
 * @param known normal images that labels are known of: the test images where the run has scored them, else the validation images
 * @param scores of the calibration's normal images
 * @returns a sentence, or null where nothing is to be said, or too few are known
 */
export function otherNormalsText({ scores: valid, testScores }: SeenScores, scores: readonly number[]): string | null {
  // Support images score as they do left out of the bank in turn, which is not as new images score.
  const enough = (one: ClassedScores | null): one is ClassedScores =>
    one !== null && one.of !== 'support' && one.normal.length >= LEAST;
  const seen = [testScores, valid].find(enough);
  if (!seen || scores.length < LEAST) return null;
  const pooled = [...scores, ...seen.normal];
  const drawn = divisions(scores.length, seen.normal.length, 0);
  const p = permutationPValue(drawn, kolmogorovSmirnov(pooled, scores.length));
  if (p >= LEVEL) return null;
  const of = seen.of === 'test' ? 'test' : 'validation';
  return (
    `The ${counted(scores.length, 'normal image')} score otherwise than the ${counted(seen.normal.length, 'normal image')} of the run's ${of} set ` +
    `(median ${median(scores).toPrecision(4)} against ${median(seen.normal).toPrecision(4)}, Kolmogorov–Smirnov p = ${p.toPrecision(1)}): ` +
    `the decisions hold for images like these alone. Are they of the same organ, scanner and preparation?`
  );
}
