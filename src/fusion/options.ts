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
  toggle,
} from '../base/option.ts';
import { MOST_RADIUS } from '../kernels/guided_upsample.ts';
import { COMPAT_HELP, COMPATS, isMethod, isRead, METHOD_PRESETS, presetTexts } from './presets.ts';

const LAYER = integer(1, [1, 1000], '');
const UNIT = number(1, [0, 1e6], '');
const SHARE = number(1, [0, 1], '');

/** What the paper uses with its model, ViT-L/14: for what is left to the model where there is none. */
export const PAPER_VALUES = { size: 240, temperature: 100 } as const;

/**
 * Every reading of the method that can be chosen (the paper leaves them open); the defaults are the recommended ones.
 * Names are flags of the CLI, keys of `config.json` and keys here.
 */
export const FUSION_OPTIONS = {
  method: {
    fallback: 'fusionclip',
    help: Object.entries(METHOD_PRESETS)
      .map(([name, { summary }]) => `${name}: ${summary}`)
      .join('; '),
    form: `${Object.keys(METHOD_PRESETS).join('|')}|layers:L,…`,
    parse: (value) => (isMethod(value) ? value : undefined),
  } as Option<string>,
  compat: choice(
    COMPATS,
    'none',
    `${Object.entries(COMPAT_HELP)
      .map(([name, what]) => `${name}: ${what}`)
      .join('; ')}; mvfa+oracle: also select test-oracle`,
  ),
  size: automatic(
    integer(PAPER_VALUES.size, [14, 2048], ''),
    "side of the square input in pixels; auto: the model's own (ViT-L/14: the paper's 240)",
  ),
  act: choice(['auto', 'quickgelu', 'gelu'], 'auto', "activation of both towers; auto: the model's own"),
  weights: choice(
    ['auto', 'f32', 'f16', 'bf16'],
    'auto',
    'storage of the frozen towers on the GPU; auto: the smallest type that is exact',
  ),
  norm: choice(
    ['clip', 'none', 'medclip'],
    'clip',
    "CLIP mean and standard deviation; images in [0, 1]; MedCLIP's: grey in a black square, its mean and deviation",
  ),
  layers: list(LAYER, [], 'tapped blocks, 1-based; default: the ends of four equal stages'),
  tokens: choice(['raw', 'ln_post'], 'raw', 'raw block outputs, or after ln_post'),
  residual: choice(['none', 'mvfa'], 'none', 'mvfa: adapters feed the backbone, x ← 0.8x + 0.1 gal + 0.1 loc'),
  branches: list(
    choice(['gal', 'loc'], 'gal', ''),
    ['gal', 'loc'] as const,
    'fusion adapter (gal), local adapter (loc)',
  ),
  'branch.weights': list(UNIT, [1, 1], 'weight of the gal and of the loc map'),
  'adapter.bias': toggle(false, 'bias in the adapters'),
  'adapter.act': choice(['relu', 'leaky_relu', 'none'], 'relu', 'activation of the adapters'),
  heads: choice(['shared', 'split'], 'shared', 'split: own adapters for the image-level loss (with loss.detOnSeg)'),
  prompt: choice(['learnable', 'fixed'], 'learnable', 'fixed: the 420-sentence ensemble for all layers and branches'),
  'prompt.nctx': integer(8, [1, 64], 'learnable vectors a sentence'),
  'prompt.init': text(
    'normal',
    /^(normal|uniform|words:.+)$/,
    'normal|uniform|words:TEXT',
    'start of the vectors, standard deviation 0.02',
  ),
  'prompt.pos': choice(['object', 'start'], 'object', 'before the object word, or after the start token'),
  'prompt.share': choice(
    ['class', 'branch', 'sentence'],
    'class',
    'one set per layer × branch × class, per layer × branch, or per sentence',
  ),
  'prompt.templates': text('one', /^(one|all|winclip|sample:\d+)$/, 'one|all|winclip|sample:M', 'sentence templates'),
  'prompt.object': text('auto', /\S/, 'TEXT', "what the images show; auto: from the data set's name"),
  'text.mean': choice(
    ['embeddings', 'cosines'],
    'embeddings',
    "MedCLIP: cosine with a class's mean embedding, or mean cosine with its sentences",
  ),
  temperature: automatic(
    number(PAPER_VALUES.temperature, [1e-3, 1e4], ''),
    'factor of the cosine similarity; auto: the scale that the model has learned (ViT-L/14: 100)',
  ),
  'loss.det': choice(['prob', 'mvfa', 'margin'], 'prob', 'image-level loss'),
  'loss.region': text('all', /^(all|topk:[1-9]\d*)$/, 'all|topk:R', 'patches that count in the image-level loss'),
  'loss.alpha': list(UNIT, [1, 1], 'weight of the image-level loss of the gal and loc branch'),
  'loss.detOnSeg': toggle(false, 'image-level loss on sets with masks too'),
  'loss.focal.gamma': number(2, [0, 20], 'focal exponent'),
  'loss.focal.alpha': optional(SHARE, 'focal weight of abnormal pixels'),
  'loss.focal.smooth': number(1e-5, [0, 0.1], 'focal label smoothing'),
  'loss.dice.smooth': number(1, [0, 1e6], 'dice smoothing'),
  'map.order': choice(['upsample', 'softmax'], 'upsample', 'what comes first'),
  'map.align': choice(['true', 'false', 'centered'], 'true', 'upsampling geometry'),
  'map.upsample': choice(
    ['bilinear', 'guided'],
    'bilinear',
    'guided: maps are drawn to the edges of their images after the bilinear upsampling (joint bilateral); not in training',
  ),
  'map.guide.radius': integer(14, [1, MOST_RADIUS], 'guided: pixels to each side of the window'),
  'map.guide.space': number(7, [0.1, 1000], 'guided: standard deviation in pixels'),
  'map.guide.range': number(0.1, [1e-3, 100], 'guided: standard deviation in grey values of [0, 1]'),
  'map.blur': number(0, [0, 100], 'Gaussian blur of the map in pixels'),
  'memory.features': choice(['raw', 'adapted'], 'raw', 'tokens in the memory bank'),
  'memory.augment': toggle(false, 'augmented normals in the bank'),
  'memory.cls': toggle(false, 'class tokens in the bank'),
  fuse: choice(
    ['april', 'mvfa', 'calib', 'mean'],
    'april',
    'Z + S; test-set min–max; min–max from the support set, leave-one-out; half of Z + S',
  ),
  'winclip.fuse': choice(['mean', 'sum', 'harmonic'], 'mean', 'WinCLIP+: text and bank on the patch grid'),
  'score.image': text(
    'auto',
    /^(auto|max|mean|topk:[1-9]\d*)$/,
    'auto|max|mean|topk:R',
    "image score; auto: the method's own where it has one, else max with masks, else mean",
  ),
  'score.cls': choice(
    ['none', 'add', 'equal', 'april'],
    'none',
    "the class token's text probability: add it to the score; equal: with the weight of all maps of Z together; april: half of it and half of the test-set min–max of the score",
  ),
} satisfies Record<string, Option<unknown>>;

/** Resolved settings of the method. */
export type FusionOptions = Omit<OptionValues<typeof FUSION_OPTIONS>, keyof typeof PAPER_VALUES> & {
  readonly size: number;
  readonly temperature: number;
};

/**
 * Settings from texts (flags, or values of a `config.json`), on top of what the method and its `compat` set. What is left to the
 * model is the paper's: `chooseSettings` asks the model before.
 * @throws FusionclipError `usage`, also for a setting that means nothing to the method
 */
export function fusionOptions(given: Readonly<Record<string, string>> = {}): FusionOptions {
  const { method, compat } = resolveOptions(FUSION_OPTIONS, given);
  const { settings } = presetTexts(method, compat);
  const preset = resolved({ ...settings, method, compat });
  const values = resolved({ ...settings, ...given });
  for (const name in given) {
    const key = name as keyof FusionOptions;
    // A `config.json` holds all settings: those that say what holds anyhow do no harm.
    if (!isRead(method, name) && String(values[key]) !== String(preset[key])) {
      throw new FusionclipError('usage', `--${name} means nothing to --method ${method}; leave it out.`);
    }
  }
  return values;
}

function resolved(texts: Readonly<Record<string, string>>): FusionOptions {
  const { size, temperature, ...values } = resolveOptions(FUSION_OPTIONS, texts);
  return { ...values, size: size ?? PAPER_VALUES.size, temperature: temperature ?? PAPER_VALUES.temperature };
}

/** The 1-based blocks to tap: as given, or the ends of four equal stages (6, 12, 18, 24 of 24; 1, 2, 3, 4 of 4). */
export function tappedLayers(options: FusionOptions, blocks: number): number[] {
  if (options.layers.length > 0) return [...options.layers];
  const stages = Math.min(4, blocks);
  return Array.from({ length: stages }, (_, i) => Math.round(((i + 1) * blocks) / stages));
}
