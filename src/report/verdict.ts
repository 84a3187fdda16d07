import type { ImageCurves } from './curves.ts';
import type { RunRecord } from './read_run.ts';

/** What a reader should know first. */
export interface Verdict {
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly warnings: readonly string[];
}

/** Below so many images of a class numbers say little. */
const FEW = 30;

/** The result in plain words: how good, how sure, and beside what brightness alone reaches. */
export function verdictOf({ results, header }: RunRecord, curves: ImageCurves | null): Verdict {
  const { selected, trivial, shots, warning } = results;
  const { normal, abnormal } = selected.images;
  const warnings = warning ? [warning] : [];
  if (!curves) {
    const headline = 'One class is missing in the test images, so nothing can be said.';
    return { headline, sentences: [], warnings };
  }
  const { value, interval } = curves.roc;
  const sentences = [
    `Trained on ${shots.normal} normal and ${shots.abnormal} abnormal images, judged on ${normal} normal and ${abnormal} abnormal ` +
      `images of ${results.data} that played no part in the training.`,
    `A randomly chosen abnormal image scores higher than a normal one in ${percent(value)} of all pairs (image AUROC ` +
      `${fixed(value)}; 95 % of the bootstrap draws lie between ${fixed(interval.low)} and ${fixed(interval.high)}).`,
  ];
  if (selected.imageThreshold) {
    const { sensitivity, specificity, from } = selected.imageThreshold;
    const where = from === 'valid' ? 'other validation images' : 'the support images';
    sentences.push(
      `At the threshold that was chosen on ${where}, ${percent(sensitivity)} of the abnormal images are found and ` +
        `${percent(specificity)} of the normal ones pass.`,
    );
  }
  if (selected.pixel) {
    sentences.push(
      `Where the lesion is: pixel AUROC ${fixed(selected.pixel.auroc)}, AUPRO ${fixed(selected.pixel.aupro)}` +
        `${selected.pixelThreshold ? `, Dice ${fixed(selected.pixelThreshold.dice)}` : ''}.`,
    );
  }
  if (trivial) {
    const [name, best] = bestTrivial(trivial);
    sentences.push(`From brightness alone (${name}) the image AUROC is ${fixed(best)}.`);
    if (best >= interval.low) {
      warnings.push('Brightness alone does about as well: these images may be no test of the method.');
    }
  }
  if (Math.min(normal, abnormal) < FEW) {
    warnings.push(
      `Only ${Math.min(normal, abnormal)} images of a class were judged; the interval is wide for that reason.`,
    );
  }
  if (/^(generated|random):/.test(header.model.name)) {
    warnings.push(
      `The model ${header.model.name} has random weights: the numbers show that the program runs, no more.`,
    );
  }
  return { headline: headline(value, interval.low), sentences, warnings };
}

function headline(value: number, low: number): string {
  if (low <= 0.5) return 'No better than chance, as far as these images tell.';
  if (value >= 0.95) return 'Tells normal from abnormal images almost always.';
  if (value >= 0.85) return 'Tells normal from abnormal images well.';
  if (value >= 0.7) return 'Tells normal from abnormal images better than chance, with many errors.';
  return 'Tells normal from abnormal images little better than chance.';
}

function bestTrivial({ mean, std, p995 }: NonNullable<RunRecord['results']['trivial']>): [string, number] {
  const all: [string, number][] = [
    ['mean', mean.auroc],
    ['standard deviation', std.auroc],
    ['99.5th percentile', p995.auroc],
  ];
  // A score that is lower for abnormal images tells as much as one that is higher.
  const strength = ([, auroc]: [string, number]) => Math.max(auroc, 1 - auroc);
  const [name, auroc] = all.reduce((a, b) => (strength(b) > strength(a) ? b : a));
  return [name, Math.max(auroc, 1 - auroc)];
}

/** Three digits, or a dash for what is undefined (JSON has null there). */
export function fixed(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(3) : '–';
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
