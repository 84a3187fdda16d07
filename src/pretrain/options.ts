import { FusionclipError } from '../base/errors.ts';
import {
  choice,
  integer,
  list,
  number,
  type Option,
  type OptionValues,
  optionTexts,
  resolveOptions,
  text,
} from '../base/option.ts';
import { phantomPairs } from './phantom_pairs.ts';
import type { Stage } from './schedule.ts';

const NAME = text('', /^[a-z0-9_]+$/, 'name', '');

const STAGE = text('', /^\d{2,4}x\d{1,7}$/, 'SIZExSTEPS', '');

/** Every setting of a pre-training. Names are flags of the CLI and keys here. */
export const PRETRAIN_OPTIONS = {
  pictures: choice(
    ['phantoms', 'scenes'],
    'phantoms',
    'what is drawn: medical-looking phantoms, or scenes of things and surfaces, sound and damaged',
  ),
  families: list(NAME, ['brain', 'liver', 'resc', 'oct2017', 'chest', 'histopathology'], 'phantoms to train on'),
  'without-kinds': list(NAME, [], 'kinds of lesion that are never drawn'),
  stages: list(STAGE, ['112x3000', '168x400'], 'sides of the pictures in pixels, and steps at each'),
  batch: integer(64, [2, 4096], 'pairs a step'),
  parts: integer(
    1,
    [1, 1024],
    'of a batch: a pair is told from those of its part, and the gradients are averaged in order; what --workers share',
  ),
  regions: integer(
    4,
    [0, 64],
    'patches on a lesion, at its place in the healthy twin, and beside it, that learn what is said of them',
  ),
  lr: number(1e-3, [1e-9, 10], 'highest learning rate'),
  'weight-decay': number(0.1, [0, 10], 'of matrices; biases, norms, embeddings and the scale have none'),
  warmup: integer(100, [0, 1e6], 'steps in which the rate rises; then it falls as a cosine'),
  clip: number(1, [1e-6, 1e6], 'longest gradient: the norm of all parameters together'),
  seed: integer(1, [0, 2 ** 32 - 1], 'of weights, pictures and views'),
  'checkpoint.every': integer(100, [1, 1e6], 'steps between two checkpoints'),
  width: integer(192, [4, 8192], 'of the vision tower'),
  layers: integer(6, [1, 64], 'of the vision tower'),
  heads: integer(3, [1, 128], 'of the vision tower'),
  patch: integer(14, [2, 64], 'side of a patch in pixels'),
  'text-width': integer(128, [4, 8192], 'of the text tower'),
  'text-layers': integer(3, [1, 64], 'of the text tower'),
  'text-heads': integer(2, [1, 128], 'of the text tower'),
  embed: integer(128, [4, 8192], 'width of the common space'),
  context: integer(32, [8, 1024], 'most tokens of a sentence'),
  vocab: integer(
    1024,
    [514, 65_536],
    'most tokens of the vocabulary: 512 for bytes, 2 for start and end, the rest learned',
  ),
  act: choice(['gelu', 'quickgelu'], 'quickgelu', 'activation of both towers'),
} satisfies Record<string, Option<unknown>>;

/** Resolved settings. */
export type PretrainOptions = Omit<OptionValues<typeof PRETRAIN_OPTIONS>, 'stages'> & {
  readonly stages: readonly Stage[];
};

/**
 * Settings from texts.
 * @throws FusionclipError `usage` also for shapes that no model can have, and for families and kinds that there are not
 */
export function pretrainOptions(given: Readonly<Record<string, string>> = {}): PretrainOptions {
  const values = resolveOptions(PRETRAIN_OPTIONS, given);
  const stages = values.stages.map((stage) => {
    const [size, steps] = stage.split('x').map(Number);
    return { size, steps };
  });
  const options = { ...values, stages };
  for (const [width, heads] of [['width', 'heads'] as const, ['text-width', 'text-heads'] as const]) {
    const each = options[width] / options[heads];
    if (each % 4 === 0 && each <= 128) continue;
    throw new FusionclipError(
      'usage',
      `--${width} ${options[width]} in ${options[heads]} heads is ${each} each: a multiple of 4 up to 128 is needed.`,
    );
  }
  if (options.embed % 4 !== 0) throw new FusionclipError('usage', `--embed ${options.embed} is no multiple of 4.`);
  if (options.batch < 2 * options.parts) {
    const text = `--batch ${options.batch} in ${options.parts} parts leaves a pair nothing to be told from; give two pairs a part.`;
    throw new FusionclipError('usage', text);
  }
  const wrong = stages.find(({ size, steps }) => size < Math.max(32, options.patch) || size > 1024 || steps < 1);
  if (wrong) {
    const { size, steps } = wrong;
    throw new FusionclipError('usage', `--stages has ${size}x${steps}: pictures of 32 to 1024 px, one step at least.`);
  }
  phantomPairs(options.families, options['without-kinds'], options.seed); // throws for unknown names
  return options;
}

/** The texts that {@link pretrainOptions} makes these settings of again. */
export function pretrainTexts(options: PretrainOptions): Record<string, string> {
  const stages = options.stages.map(({ size, steps }) => `${size}x${steps}`);
  return optionTexts(PRETRAIN_OPTIONS, { ...options, stages });
}
