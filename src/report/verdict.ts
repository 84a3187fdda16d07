import type { PatientMetrics } from '../detect/sampling.ts';
import { methodTitle } from '../fusion/presets.ts';
import { isWide } from '../metrics/bootstrap.ts';
import { bestIntensity, intensityBaselines } from '../metrics/intensity_baseline.ts';
import type { ImageCurves } from './curves.ts';
import type { RunRecord } from './read_run.ts';

/** What a reader should know first. */
export interface Verdict {
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly warnings: readonly string[];
}

/** How far mean sensitivity and specificity may fall short of the AUROC. */
const SHORT = 0.15;
/** Below so many images of a class numbers say little. */
const FEW = 30;

/** The result in plain words: how good, how sure, and beside what brightness alone reaches. */
export function verdictOf(
  { results, header, data }: Pick<RunRecord, 'results' | 'header' | 'data'>,
  curves: ImageCurves | null,
): Verdict {
  const { selected, shots, selectedBy } = results;
  const { normal, abnormal } = selected.images;
  const findings = results.findings ?? data?.leaks.warnings ?? [];
  const warnings = [...warningsOf({ results, header }, curves), ...findings];
  const support = `${shots.normal} normal and ${shots.abnormal} abnormal images`;
  const part =
    selectedBy === 'test-oracle' ? 'whose labels also chose the weights' : 'that played no part in the training';
  const sentences = [
    `${selectedBy === 'none' ? 'Given' : 'Trained on'} ${support}; evaluated on ${normal} normal and ${abnormal} abnormal images of ${results.data} ${part}.`,
  ];
  if (!curves) {
    const headline = `The test images of ${results.data} lack a class, so nothing can be said.`;
    return { headline, sentences, warnings };
  }
  const { value, interval } = curves.roc;
  sentences.push(
    `In ${percent(value)} of all pairs the abnormal image scores higher than the normal one (image AUROC ` +
      `${fixed(value)}); with other ${curves.drawn} like these it would lie between ${fixed(interval.low)} and ` +
      `${fixed(interval.high)} (${curves.exact ? 'an exact interval of 95 %, for the draws of a bootstrap would not differ' : '95 % of the bootstrap draws'}).`,
  );
  const patients = selected.sampling?.patients;
  if (patients) {
    sentences.push(
      `By patient (${patients.normal} normal, ${patients.abnormal} abnormal, each by its highest image): AUROC ` +
        `${fixed(patients.auroc)}${patientDecisions(patients)}.`,
    );
  }
  const best = bestIntensity(results.trivial);
  if (best) {
    const how = best.reversed ? `${best.name}, lower in abnormal images` : best.name;
    sentences.push(`Brightness alone (${how}) reaches ${fixed(best.image.auroc)} without any model.`);
  }
  if (selected.imageThreshold) {
    const { sensitivity, specificity, from } = selected.imageThreshold;
    const where = from === 'valid' ? 'other validation images' : 'the support images';
    sentences.push(
      `At the threshold, which was chosen on ${where}, ${percent(sensitivity)} of the abnormal images are found and ` +
        `${percent(1 - specificity)} of the normal ones are false alarms.`,
    );
  }
  if (selected.pixel) {
    const { auroc, aupro } = selected.pixel;
    const overlap = selected.pixelThreshold ? `, Dice ${fixed(selected.pixelThreshold.dice)}` : '';
    sentences.push(`Finding the lesion in the image: pixel AUROC ${fixed(auroc)}, AUPRO ${fixed(aupro)}${overlap}.`);
  }
  const found = foundIn(value, interval, best !== undefined && best !== null && best.image.auroc >= value);
  // At chance there is nothing that a threshold could miss.
  const decided =
    interval.low > 0.5 && isOff(selected.imageThreshold, value)
      ? found.replace(/\.$/, ', but not by its threshold.')
      : found;
  const headline = `${subjectOf({ results, header })} ${decided}${wideText(interval, normal + abnormal)}`;
  return { headline, sentences, warnings };
}

function patientDecisions({ sensitivity, specificity }: PatientMetrics): string {
  if (sensitivity === null || specificity === null) return '';
  return `; at the threshold sensitivity ${fixed(sensitivity)}, specificity ${fixed(specificity)}`;
}

/** What was tried. */
function subjectOf({ results, header }: Pick<RunRecord, 'results' | 'header'>): string {
  const untrained = isUntrained(header) ? ' with random weights' : '';
  const method = methodTitle(header.fusion.method).replace(/ \(.*\)$/, '');
  return `${method}${untrained} on ${results.data}`;
}

/** Whether the model was made by a rule: it knows nothing. */
function isUntrained({ model }: RunRecord['header']): boolean {
  return /^(generated|random):/.test(model.name);
}

/** What came of it, as the end of a sentence. @param isDull whether brightness alone does as well */
function foundIn(value: number, { low, high }: ImageCurves['roc']['interval'], isDull: boolean): string {
  if (high < 0.5) return 'scores normal images higher than abnormal ones: the result is upside down.';
  if (low <= 0.5) return 'does no better than chance, as far as these images tell.';
  if (isDull) return 'tells abnormal images from normal ones no better than their brightness does.';
  if (value >= 0.95) return 'tells abnormal images from normal ones almost always.';
  if (value >= 0.85) return 'tells abnormal images from normal ones well.';
  if (value >= 0.7) return 'tells abnormal images from normal ones better than chance, with many errors.';
  return 'tells abnormal images from normal ones little better than chance.';
}

/** Whether what a threshold decides falls short of what the scores tell. */
function isOff(threshold: RunRecord['results']['selected']['imageThreshold'], auroc: number): boolean {
  return threshold !== null && (threshold.sensitivity + threshold.specificity) / 2 < auroc - SHORT;
}

/** What a headline must not hide: how far the number in it may lie from what other images would give. */
function wideText(interval: ImageCurves['roc']['interval'], images: number): string {
  if (!isWide(interval) || interval.low <= 0.5) return '';
  return ` ${images} test images tell little: other ones may give an AUROC from ${interval.low.toFixed(2)} to ${interval.high.toFixed(2)}.`;
}

function warningsOf({ results, header }: Pick<RunRecord, 'results' | 'header'>, curves: ImageCurves | null): string[] {
  const { selected, trivial, warning, selectedBy } = results;
  const { normal, abnormal } = selected.images;
  const warnings = warning ? [warning] : [];
  const best = bestIntensity(trivial);
  const map = intensityBaselines(trivial).find(({ key }) => key === 'map')?.pixel;
  if (curves && best && best.image.auroc >= curves.roc.value) {
    warnings.push('Brightness alone tells these images apart better than the method.');
  } else if (curves && best && best.image.auroc >= curves.roc.interval.low) {
    warnings.push('Brightness alone may do as well: its AUROC lies inside the interval of the method.');
  }
  if (selected.pixel && map && map.auroc >= selected.pixel.auroc) {
    warnings.push(
      `Grey values taken as a map find the lesions better (pixel AUROC ${fixed(map.auroc)}, the method ` +
        `${fixed(selected.pixel.auroc)}).`,
    );
  }
  const threshold = selected.imageThreshold;
  if (curves && threshold && isOff(threshold, curves.roc.value)) {
    const { sensitivity, specificity } = threshold;
    warnings.push(
      `The threshold does not fit these images: ${percent(1 - sensitivity)} of the abnormal ones are missed and ` +
        `${percent(1 - specificity)} of the normal ones are false alarms, though the scores tell more.`,
    );
  }
  const least = Math.min(normal, abnormal);
  if (least < FEW)
    warnings.push(
      `Only ${least === 1 ? '1 image of a class was' : `${least} images of a class were`} evaluated, so the intervals are wide.`,
    );
  if (header.train.select === 'valid' && selectedBy === 'last') {
    warnings.push('Too few validation images remained to compare weights, so the last ones were taken.');
  }
  if (selected.imageThreshold?.from === 'support') {
    warnings.push('The thresholds come from the support images alone and may lie wrong.');
  }
  if (isUntrained(header)) {
    warnings.push(
      `The model ${header.model.name} has random weights: the numbers show that the program runs, no more.`,
    );
  }
  return warnings;
}

/** Three digits, or a dash for what is undefined (JSON has null there). */
export function fixed(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(3) : '–';
}

/** Four significant digits. */
export function significant(value: number): string {
  return Number(value.toPrecision(4)).toString();
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}
