import { thresholdText } from '../../detect/set_metrics.ts';
import { methodPreset, methodTitle } from '../../fusion/presets.ts';
import { bestIntensity } from '../../metrics/intensity_baseline.ts';
import { optionTextsOf } from '../../run/run_config.ts';
import type { RunRecord } from '../read_run.ts';

/** What a checklist is filled from. */
export type ChecklistRun = Pick<
  RunRecord,
  'header' | 'results' | 'data' | 'shots' | 'environment' | 'predictions' | 'rule'
>;

/** What the program knows of one item; null where this run has nothing to say. */
export type Known = (run: ChecklistRun) => string | null;

/** One item of a checklist. */
export interface ChecklistItem {
  /** As the checklist numbers it. */
  readonly number: string;
  /** What it asks for, in our own words; the checklist's own text is what counts. */
  readonly asks: string;
  /** What the program knows. */
  readonly known?: Known;
  /** What is left for the author; without it nothing is. */
  readonly author?: string;
}

/** A number as papers have it. */
function fixed(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(3) : 'not defined';
}

/** The method and the model under it. */
export const model: Known = ({ header, results }) => {
  const { vision } = header.model.config;
  const { size } = header.fusion;
  const weights = methodPreset(results.method).trained
    ? 'the towers stay as they are, adapters and prompts are trained'
    : 'nothing is trained';
  return (
    `${methodTitle(results.method)} on ${header.model.name.split('/').pop()} (vision tower of ${vision.layers} layers of width ` +
    `${vision.width}, patch ${vision.patch}; SHA-256 ${header.model.sha256 ?? `unknown, identity ${header.model.hash}`}); input ` +
    `${size} × ${size} pixels; output an image score${header.kind === 'pixel' ? ' and a map' : ''}; ${weights}. Formulas: docs/methods.`
  );
};

/** Program, runtime and machine. */
export const software: Known = ({ results, environment }) => {
  const { runtime, version, adapter } = environment ?? {};
  const where = runtime ? `, ${runtime} ${version ?? ''}, ${adapter ?? 'unknown adapter'}` : '';
  return `fusionclip ${results.fusionclip}${where}. Own WebGPU kernels, no other framework; bundled libraries: dist/bom.cdx.json of the package.`;
};

/** How the first weights come to be. */
export const initial: Known = ({ header, results }) =>
  methodPreset(results.method).trained
    ? `Towers from the pre-trained model; adapters and prompts as docs/methods.md has them, drawn from seed ${header.train.seed}.`
    : 'The pre-trained model alone.';

/** Settings of the training. */
export const training: Known = ({ header, results, shots }) => {
  if (!methodPreset(results.method).trained) return `${results.method} has no training; support images are looked up.`;
  const { train } = header;
  const rates =
    train['lr.grid'].length > 0
      ? `one of ${train['lr.grid'].join(', ')}`
      : `${train['lr.adapter']} (adapters), ${train['lr.prompt']} (prompts)`;
  return (
    `${results.shots.normal} normal and ${results.shots.abnormal} abnormal support images, drawn from valid by seed ${shots?.seed ?? train.seed}; ` +
    `augmentation ${train.aug}; Adam with betas ${train.betas.join(', ')}, learning rate ${rates}, batch ${train.batch}, ${train.epochs} epochs; losses of ` +
    'docs/methods.md. All settings: config.json.'
  );
};

/** How the weights were chosen. */
export const selection: Known = ({ results }) => {
  const { selectedBy, selected } = results;
  if (selectedBy === 'none') return 'Nothing is trained, so nothing is chosen.';
  if (selectedBy === 'last') return `The last epoch (${selected.epoch}).`;
  const on =
    selectedBy === 'valid'
      ? 'the images of valid that are not support'
      : 'the TEST images: an upper bound and no result';
  return `Epoch ${selected.epoch}, the best by AUROC on ${on}.`;
};

/** What images go through before the model. */
export const preprocessing: Known = ({ header, data }) => {
  const line = data?.lines.find((one) => one.startsWith('values:'));
  const { size } = header.fusion;
  return `${line ? `${line}. ` : ''}Resized to ${size} × ${size} pixels and normalised with the statistics of the model (docs/data.md).`;
};

/** Files that were not used. */
export const leftOut: Known = ({ data }) => {
  if (!data) return null;
  const lines = (data.leftOut ?? []).map(({ what, count }) => `${what} (${count})`);
  return lines.length > 0 ? `Left out of the folder: ${lines.join('; ')}.` : 'No file of the folder was left out.';
};

/** Sizes of the parts. */
export const counts: Known = ({ data, results }) => {
  const lines = data?.lines.filter((one) => /^(valid|test|patients):/.test(one)) ?? [];
  const { normal, abnormal } = results.selected.images;
  const own = `${results.shots.normal} normal and ${results.shots.abnormal} abnormal support images; ${normal} normal and ${abnormal} abnormal test images`;
  return `${own}.${lines.length > 0 ? ` ${lines.join('; ')}.` : ''}`;
};

/** How images came into the parts. */
export const partition: Known = ({ header, shots }) => {
  const draw = header.train['shots.list']
    ? `the list ${header.train['shots.list']}`
    : `seed ${shots?.seed ?? header.train.seed}`;
  return `valid and test as the folders of ${header.data.name} have them (a folder without valid: dealt by split.seed ${header.train['split.seed']}); support images from valid by ${draw} (shots.json).`;
};

/** Whether parts share patients or images. */
export const disjoint: Known = ({ data, header }) => {
  if (!data) return null;
  const by =
    header.train.group === null
      ? 'Patients are not known to the program (--group)'
      : `By patient (--group ${header.train.group})`;
  const found =
    data.leaks.warnings.length > 0
      ? data.leaks.warnings.join('; ')
      : 'no equal files and no shared patients were found in support and test';
  return `${by}; ${found}.`;
};

/** Metrics that were computed. */
export const metrics: Known = ({ header }) =>
  `Image AUROC, average precision, F1-max, sensitivity and specificity at a threshold${header.kind === 'pixel' ? '; pixel AUROC and average precision, AUPRO, Dice' : ''} (docs/run_folder.md).`;

/** How uncertainty was measured. */
export const uncertainty: Known = ({ results }) => {
  const { sampling } = results.selected;
  if (!sampling) return null;
  const how = sampling.exact
    ? `Clopper and Pearson's exact interval of 95 % of the image AUROC, of ${sampling.units} ${sampling.drawn}, whose classes do not overlap`
    : `Percentile bootstrap of ${sampling.draws} draws of ${sampling.units} ${sampling.drawn}, stratified, 95 %`;
  return `${how}. One run says nothing of other seeds: fusionclip sweep.`;
};

/** The results with intervals. */
export const performance: Known = ({ results }) => {
  const { image, pixel, pixelThreshold, sampling } = results.selected;
  const range = (of?: { low: number; high: number } | null) =>
    of ? ` (95 %: ${fixed(of.low)} to ${fixed(of.high)})` : '';
  const parts = [
    `image AUROC ${fixed(image.auroc)}${range(sampling?.imageAuroc)}`,
    `average precision ${fixed(image.averagePrecision)}${range(sampling?.imageAveragePrecision)}`,
    ...(pixel ? [`pixel AUROC ${fixed(pixel.auroc)}`, `AUPRO ${fixed(pixel.aupro)}`] : []),
    ...(pixelThreshold ? [`Dice ${fixed(pixelThreshold.dice)}`] : []),
  ];
  const best = bestIntensity(results.trivial);
  const trivial = best ? ` Brightness alone (${best.name}): image AUROC ${fixed(best.image.auroc)}.` : '';
  return `${parts.join(', ')}.${trivial}${results.warning ? ` ${results.warning}` : ''}`;
};

/** What the threshold does. */
export const decisions: Known = ({ results }) => {
  const { imageThreshold } = results.selected;
  if (!imageThreshold) return null;
  const { sensitivity, specificity, accuracy, value, from } = imageThreshold;
  return `At the threshold ${thresholdText(value)}, chosen on ${from}: sensitivity ${fixed(sensitivity)}, specificity ${fixed(specificity)}, accuracy ${fixed(accuracy)}.`;
};

/** Test images on the wrong side of the threshold. */
export const mistakes: Known = ({ predictions }) => {
  const decided = predictions.filter(({ abnormal }) => abnormal !== null);
  if (decided.length === 0) return null;
  const missed = decided.filter(({ label, abnormal }) => label === 1 && !abnormal).length;
  const alarms = decided.filter(({ label, abnormal }) => label === 0 && abnormal).length;
  return `${missed} abnormal test images were missed and ${alarms} normal ones called abnormal; predictions.csv names them, report.html shows the worst.`;
};

/** What comes out for one image. */
export const output: Known = ({ rule, ...run }) => {
  const calibrated = rule
    ? 'It is calibrated (docs/decisions.md).'
    : 'The score is no probability (fusionclip calibrate gives one).';
  return `A score for an image, abnormal from a threshold on. ${decisions({ rule, ...run }) ?? ''} ${calibrated}`;
};

/** What explains a score. */
export const explained: Known = ({ header }) =>
  `A map of each image${header.kind === 'pixel' ? ', held to its mask' : '; there are no masks to hold them to'}: maps/ and report.html.`;

/** Where the parts can be had again. */
export const availability: Known = ({ results }) =>
  `Program: npm, fusionclip ${results.fusionclip}, Apache-2.0. Weights: checkpoint/adapters.safetensors; hashes of weights, model and data: bom.cdx.json.`;

/** Every setting. */
export const specification: Known = (run) =>
  `checkpoint/adapters.safetensors with config.json scores new images (fusionclip predict); ${Object.keys(optionTextsOf(run.header)).length} settings in config.json.`;

/** Labels as the program sees them. */
export const reference: Known = ({ data, header }) => {
  const line = data?.lines.find((one) => one.startsWith('masks:'));
  return `Labels by folder${header.kind === 'pixel' ? ', lesions by masks' : ''}.${line ? ` ${line}.` : ''}`;
};

/** Images that cannot be read. */
export const missing: Known = () =>
  'Training and evaluation refuse a set with an image or mask that cannot be read; fusionclip predict gives such an image a row with its error and no score.';

/** Shares of the classes. */
export const imbalance: Known = ({ results }) =>
  `${results.shots.normal} normal and ${results.shots.abnormal} abnormal support images; AUROC does not depend on the shares of the test set, average precision and accuracy do.`;
