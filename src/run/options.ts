import { FusionclipError } from '../base/errors.ts';
import {
  automatic,
  choice,
  integer,
  list,
  number,
  type Option,
  type OptionValues,
  optional,
  resolveOptions,
  text,
} from '../base/option.ts';
import { DATA_OPTIONS } from '../data/layout/rules.ts';

const RATE = number(1e-3, [1e-9, 10], '');

/** Every setting of training and evaluation. Names are flags of the CLI, keys of `config.json` and keys here. */
export const TRAIN_OPTIONS = {
  shots: integer(4, [1, 100_000], 'normal support images'),
  'shots.abnormal': automatic(
    integer(4, [0, 100_000], ''),
    'abnormal support images; auto: as many as normal ones; 0: normal-only, nothing abnormal is looked at',
  ),
  'shots.patients': optional(
    integer(1, [1, 100_000], ''),
    'patients of a class that its support images are of, where patients are known; default: one for each image, as far as they go',
  ),
  'shots.list': optional(
    text('', /\S/, 'FILE', ''),
    'a list of MVFA, or the shots.json of a run, that names the support images, in place of a draw',
  ),
  'shots.index': integer(0, [0, 1e6], "which of the list's draws"),
  seed: integer(0, [0, 2 ** 32 - 1], 'of the support draw, the initial weights and the order of training'),
  'split.seed': integer(0, [0, 2 ** 32 - 1], 'deals a folder without a validation split'),
  ...DATA_OPTIONS,
  aug: choice(['mvfa', 'none'], 'mvfa', "mvfa: eleven views of each support image (MVFA's)"),
  'lr.adapter': number(1e-3, [1e-9, 10], 'learning rate of the adapters'),
  'lr.prompt': number(1e-3, [1e-9, 10], 'learning rate of the prompts'),
  'lr.grid': list(RATE, [], 'rates for both, tried one after the other; the best on the remaining valid images stays'),
  betas: list(number(0.9, [0, 0.999999], ''), [0.5, 0.999], 'decay of the moments of Adam'),
  epochs: integer(50, [1, 1e6], 'passes over the support views'),
  batch: automatic(integer(16, [1, 4096], ''), 'images a step; auto: 16, or what the model or compat says'),
  parts: integer(1, [1, 1024], 'of a batch, whose gradients are averaged in order: what train --workers share'),
  select: choice(
    ['valid', 'last', 'test-oracle'],
    'valid',
    'which epoch stays: best on the remaining valid images, the last, or best on test (no fair result, marked as such)',
  ),
  'eval.every': integer(5, [1, 1e6], 'epochs between two evaluations for the selection'),
  'eval.batch': integer(8, [1, 4096], 'images, at most, that go through the backbone together'),
  'eval.cache': integer(2048, [0, 1e6], 'MiB of GPU memory for features of the images that are selected on'),
  'checkpoint.every': integer(100, [1, 1e9], 'steps between two checkpoints; each epoch ends with one too'),
  'volume.top': number(
    0.05,
    [1e-6, 1],
    "part of the slices of a volume, the highest ones, whose mean score is the volume's",
  ),
  'volume.smooth': number(3, [0, 1000], 'millimetres of the Gaussian that smooths maps from slice to slice'),
  bank: choice(
    ['features', 'pixels', 'none'],
    'features',
    'what the adapters file holds of the normal support images: patch features, the images themselves, or nothing',
  ),
  'map.files': choice(['npy', 'png16', 'none'], 'npy', 'raw maps beside the heat maps; none: no map files at all'),
} satisfies Record<string, Option<unknown>>;

/** Settings that mean something only to a method that is trained. */
export const TRAINING_ONLY: readonly string[] = [
  ...[
    'aug',
    'lr.adapter',
    'lr.prompt',
    'lr.grid',
    'betas',
    'epochs',
    'batch',
    'parts',
    'select',
    'eval.every',
    'checkpoint.every',
  ],
];

/** Settings as given: `null` where the program finds the value. */
export type GivenOptions = OptionValues<typeof TRAIN_OPTIONS>;

/** Resolved settings of training and evaluation. */
export type TrainOptions = Omit<GivenOptions, 'shots.abnormal' | 'batch' | 'betas'> & {
  readonly 'shots.abnormal': number;
  readonly batch: number;
  readonly betas: readonly [number, number];
};

/** Settings from texts (flags, or values of a `config.json`). Throws `usage`. */
export function trainOptions(given: Readonly<Record<string, string>> = {}): TrainOptions {
  const values = resolveOptions(TRAIN_OPTIONS, given);
  const { betas } = values;
  if (betas.length !== 2) {
    throw new FusionclipError('usage', `--betas takes two numbers, not ${betas.length}; give e.g. 0.5,0.999.`);
  }
  return {
    ...values,
    betas: [betas[0], betas[1]],
    'shots.abnormal': values['shots.abnormal'] ?? values.shots,
    batch: values.batch ?? 16,
  };
}
