import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { optionTexts } from '../base/option.ts';
import { imageHash } from '../data/image.ts';
import { openDataset } from '../data/layout/open.ts';
import {
  COMMON_SETTINGS,
  FUSION_OPTIONS,
  type FusionOptions,
  fusionOptions,
  INFERENCE_SETTINGS,
  methodPreset,
} from '../fusion/index.ts';
import { BANK_SETTINGS } from '../fusion/presets.ts';
import { chooseSettings, type ModelDefaults, withoutAuto } from '../run/model_settings.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { Detector } from './detector.ts';
import { type Calibration, calibrate } from './evaluation.ts';
import { ValidationSet } from './selection.ts';
import { sliced } from './sliced.ts';
import { chooseShots, readSupport, type Support } from './support.ts';
import type { SupportBank } from './support_bank.ts';
import { SupportSet } from './support_set.ts';

/**
 * The settings that a stored run is scored with when some are given anew: those that training does not depend on, or
 * another method that needs no training and then takes the run's support images and common settings, and else what suits the
 * model.
 * @param run for messages
 * @param defaults of the run's model
 * @throws FusionclipError `usage` for what cannot change after training
 */
export function rescoredOptions(
  { fusion }: RunConfig,
  asked: Readonly<Record<string, string>>,
  run: string,
  defaults: ModelDefaults,
): FusionOptions {
  const given = withoutAuto(asked);
  const stored = optionTexts(FUSION_OPTIONS, fusion);
  const method = given.method ?? fusion.method;
  const names = Object.keys(given);
  const another = method !== fusion.method;
  if (another && methodPreset(method).trained) {
    throw new FusionclipError(
      'usage',
      `--method ${method} has weights of its own to train, and ${run} holds those of ${fusion.method}; ` +
        `train it with fusionclip train --method ${method}.`,
    );
  }
  const kept = another ? (name: string) => COMMON_SETTINGS.includes(name) : () => true;
  const texts = Object.fromEntries(Object.entries(stored).filter(([name]) => kept(name)));
  if (another) texts.compat = 'none';
  const options = another
    ? chooseSettings(defaults, { ...texts, ...given }).settings.fusion
    : fusionOptions({ ...texts, ...given });
  const changed = (name: string) => optionTexts(FUSION_OPTIONS, options)[name] !== stored[name];
  const fixed = names.find((name) =>
    another ? name === 'size' && changed(name) : !INFERENCE_SETTINGS.includes(name) && changed(name),
  );
  if (fixed) {
    const why =
      fixed === 'size'
        ? `the support images of ${run} are stored at ${fusion.size} pixels`
        : `${run} was trained with ${stored[fixed]}`;
    throw new FusionclipError('usage', `--${fixed} cannot change any more: ${why}; train again with it.`);
  }
  return options;
}

/** Whether rows of a bank made with some settings are those that other settings ask for. */
export function sameBank(a: FusionOptions, b: FusionOptions): boolean {
  const [then, now] = [a, b].map((options) => optionTexts(FUSION_OPTIONS, options));
  return BANK_SETTINGS.every((name) => then[name] === now[name]);
}

/**
 * Thresholds and ranges for a detector whose settings are not those that the run was calibrated with, found as in
 * training: on the data set that the run was trained on. Where that is not to be had, there are no thresholds, and ranges
 * come from what is kept of the normal images.
 * @param support read again, or null
 * @param memory what scores without it
 */
export async function calibrateAgain(
  fs: FileSystem,
  detector: Detector,
  header: RunConfig,
  support: Support | null,
  memory: SupportSet,
): Promise<Calibration> {
  if (!support) {
    return memory.withScorer(async ({ ranges }) => {
      const none = { thresholds: { image: null, pixel: null }, mapScale: null, scores: null };
      return { ...none, ranges };
    });
  }
  const again = new SupportSet(detector, support.normal, support.abnormal);
  try {
    return await again.withScorer(async (scorer) => {
      const rest = new ValidationSet(detector, support.shots.rest, header.train, { fs });
      try {
        return await calibrate(detector, again, rest, scorer);
      } finally {
        rest.release();
      }
    });
  } finally {
    again.release();
  }
}

/** The support set of a run, read again; null where the data set is gone or is another one now. */
export async function supportAgain(
  fs: FileSystem,
  { data, train, fusion, kind, grey }: RunConfig,
  { images }: SupportBank,
): Promise<Support | null> {
  try {
    const { context, rules } = await sliced({ fs }, data.path, train);
    const dataset = await openDataset(context.fs, data.path, rules);
    const shots = await chooseShots(context.fs, dataset, train);
    const support = await readSupport(context.fs, shots, { ...fusion, grey }, train.seed);
    const same =
      dataset.kind === kind &&
      support.normal.length === images.length &&
      support.normal.every(({ pixels }, i) => imageHash(pixels) === images[i]);
    return same ? support : null;
  } catch (error) {
    if (!(error instanceof FusionclipError)) throw error;
    return null;
  }
}
