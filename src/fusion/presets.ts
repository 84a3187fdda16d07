import { FusionclipError } from '../base/errors.ts';

/** Settings by name, as texts. */
type Texts = Readonly<Record<string, string>>;

/** Values of settings that make up a method, or that repeat what some program did. */
export interface Preset {
  /** Of `FUSION_OPTIONS`, by name, as texts. */
  readonly settings: Readonly<Record<string, string>>;
  /** Of `TRAIN_OPTIONS`, likewise. */
  readonly training?: Readonly<Record<string, string>>;
}

/** A method by its name. */
export interface MethodPreset extends Preset {
  /** Which implementation computes it: a file of `methods/`. */
  readonly kind: MethodName;
  readonly summary: string;
  /** Whether there is anything to train. */
  readonly trained: boolean;
  /** Settings that mean something to it, besides those of every method. */
  readonly reads: readonly string[];
  /** Where a published program differs from the method as it is described; off unless `compat` names it. */
  readonly compat: Readonly<Record<string, Preset>>;
}

/** The implementations. */
export type MethodName =
  | 'fusionclip'
  | 'clip-text'
  | 'clip-memory'
  | 'clip-both'
  | 'winclip'
  | 'winclip+'
  | 'april-gan'
  | 'mvfa'
  | 'medclip';

/** What every method reads. */
export const COMMON_SETTINGS: readonly string[] = [
  ...['method', 'compat', 'size', 'act', 'weights', 'norm', 'prompt.object', 'score.image'],
  ...['map.upsample', 'map.guide.radius', 'map.guide.space', 'map.guide.range', 'map.blur'],
];
/** What training does not depend on: it may differ where trained weights are used. */
export const INFERENCE_SETTINGS: readonly string[] = [
  ...[
    'method',
    'branch.weights',
    'memory.features',
    'memory.augment',
    'memory.cls',
    'fuse',
    'winclip.fuse',
    'text.mean',
  ],
  ...['map.upsample', 'map.guide.radius', 'map.guide.space', 'map.guide.range', 'map.blur'],
  ...['score.image', 'score.cls'],
];
/** Of these, what the rows of a memory bank depend on. */
export const BANK_SETTINGS: readonly string[] = ['method', 'memory.features', 'memory.augment', 'memory.cls'];
const UPSAMPLING = ['map.align'];
const TEXT_MAP = ['temperature', 'map.order', ...UPSAMPLING];
const BANK = ['memory.augment', ...UPSAMPLING];
const PIXEL_LOSS = ['loss.focal.gamma', 'loss.focal.alpha', 'loss.focal.smooth', 'loss.dice.smooth'];
const IMAGE_LOSS = ['loss.det', 'loss.region'];

const ORACLE: Texts = { select: 'test-oracle' };
const MVFA_CODE: Preset = {
  settings: { act: 'gelu', norm: 'none', 'loss.det': 'mvfa', fuse: 'mvfa' },
  training: { batch: '1' },
};

const FUSIONCLIP: MethodPreset = {
  kind: 'fusionclip',
  summary: 'FusionCLIP-AD: fusion and local adapters, learnable prompts',
  trained: true,
  settings: {},
  reads: [
    ...['layers', 'tokens', 'residual', 'branches', 'branch.weights', 'adapter.bias', 'adapter.act', 'heads'],
    ...['prompt', 'prompt.nctx', 'prompt.init', 'prompt.pos', 'prompt.share', 'prompt.templates'],
    ...['loss.alpha', 'loss.detOnSeg', 'memory.features', 'memory.cls', 'fuse', 'score.cls'],
    ...[...TEXT_MAP, ...BANK, ...PIXEL_LOSS, ...IMAGE_LOSS],
  ],
  compat: { mvfa: MVFA_CODE },
};

/** FusionCLIP-AD with some settings given; they cannot be given otherwise. */
function ablation(summary: string, settings: Texts): MethodPreset {
  const reads = FUSIONCLIP.reads.filter((name) => !(name in settings));
  return { ...FUSIONCLIP, summary, settings, reads };
}

/** 1/0.07, the factor of the cosine similarity in WinCLIP. */
const WINCLIP_SCALE = String(1 / 0.07);

const WINCLIP: MethodPreset = {
  kind: 'winclip',
  summary: 'WinCLIP: windows of patches against the text, no support image',
  trained: false,
  settings: { temperature: WINCLIP_SCALE, 'map.align': 'false' },
  reads: ['temperature', ...UPSAMPLING],
  compat: {},
};

const MVFA: MethodPreset = {
  kind: 'mvfa',
  summary: 'MVFA: residual adapters inside the backbone, fixed prompt, bank of adapted features',
  trained: true,
  settings: { 'loss.detOnSeg': 'true', 'memory.augment': 'true', fuse: 'mean' },
  reads: [
    ...['layers', 'loss.detOnSeg', 'memory.cls', 'fuse'],
    ...[...TEXT_MAP, ...BANK, ...PIXEL_LOSS, ...IMAGE_LOSS],
  ],
  compat: {
    mvfa: { ...MVFA_CODE, settings: { ...MVFA_CODE.settings, 'memory.cls': 'true' } },
  },
};

/** Every method by name, `layers:…` aside: see {@link methodPreset}. */
export const METHOD_PRESETS: Readonly<Record<string, MethodPreset>> = {
  fusionclip: FUSIONCLIP,
  'single-fusion': ablation('FusionCLIP-AD with the fusion branch alone', { branches: 'gal' }),
  'single-patch': ablation('FusionCLIP-AD with the local branch alone', { branches: 'loc' }),
  'fixed-prompt': ablation('FusionCLIP-AD with the 420 fixed sentences', { prompt: 'fixed' }),
  'clip-text': {
    kind: 'clip-text',
    summary: 'CLIP: image and patches against the text, no support image',
    trained: false,
    settings: {},
    reads: TEXT_MAP,
    compat: {},
  },
  'clip-memory': {
    kind: 'clip-memory',
    summary: "CLIP: nearest patch of the normal support images, APRIL-GAN's bank",
    trained: false,
    settings: {},
    reads: ['layers', 'tokens', 'memory.cls', ...BANK],
    compat: {},
  },
  'clip-both': {
    kind: 'clip-both',
    summary: 'CLIP: the sum of clip-text and clip-memory',
    trained: false,
    settings: {},
    reads: ['layers', 'memory.cls', 'fuse', ...TEXT_MAP, ...BANK],
    compat: {},
  },
  winclip: WINCLIP,
  'winclip+': {
    ...WINCLIP,
    kind: 'winclip+',
    summary: 'WinCLIP+: WinCLIP and the nearest windows and patches of the normal support images',
    reads: [...WINCLIP.reads, 'tokens', 'winclip.fuse', 'memory.augment'],
    compat: {
      accurate: { settings: { 'winclip.fuse': 'sum' } },
      anomalib: { settings: { tokens: 'ln_post' } },
    },
  },
  'april-gan': {
    kind: 'april-gan',
    summary: 'APRIL-GAN: a linear layer for each block, fixed prompt, bank of raw patches',
    trained: true,
    settings: { 'score.cls': 'add' },
    reads: [...['layers', 'memory.cls', 'fuse', 'score.cls'], ...[...TEXT_MAP, ...BANK, ...PIXEL_LOSS, ...IMAGE_LOSS]],
    compat: { 'april-gan': { settings: { act: 'gelu', 'score.cls': 'april' }, training: { batch: '8', aug: 'none' } } },
  },
  mvfa: MVFA,
  medclip: {
    kind: 'medclip',
    summary: 'MedCLIP: image against the text, map by a bank of stage features; needs a MedCLIP model',
    trained: false,
    settings: { size: '224', norm: 'medclip' },
    reads: ['text.mean', ...BANK],
    compat: { medclip: { settings: { 'text.mean': 'cosines' } } },
  },
};

/** What each published program that `compat` can name did, for help texts. */
export const COMPAT_HELP: Readonly<Record<string, string>> = {
  none: 'the method as it is described',
  mvfa: "MVFA's code: act gelu, norm none, loss.det mvfa (double sigmoid), fuse mvfa (test-set min–max), batch 1; with method mvfa class tokens in the bank",
  'april-gan': "APRIL-GAN's code: act gelu, score.cls april (test-set min–max), batch 8, no augmentation",
  accurate: 'Accurate-WinCLIP: winclip.fuse sum',
  anomalib: "anomalib's WinCLIP: bank of patches after ln_post",
  medclip: "MedCLIP's code: text.mean cosines",
};

/** Suffix of a `compat` that also chooses the epoch on the test set. */
const ORACLE_SUFFIX = '+oracle';

/** All values of `compat`. */
export const COMPATS: readonly string[] = Object.keys(COMPAT_HELP).flatMap((name) =>
  name === 'mvfa' ? [name, `${name}${ORACLE_SUFFIX}`] : [name],
);

/** Whether a text names a method. */
export function isMethod(text: string): boolean {
  return Object.hasOwn(METHOD_PRESETS, text) || /^layers:\d+(,\d+)*$/.test(text);
}

/** The preset of a method's name; `layers:6,12` is FusionCLIP-AD on these blocks. */
export function methodPreset(name: string): MethodPreset {
  if (name.startsWith('layers:')) {
    const layers = name.slice('layers:'.length);
    return ablation(`FusionCLIP-AD on block ${layers}`, { layers });
  }
  return METHOD_PRESETS[name];
}

/**
 * What a method and a `compat` set, unless the user sets it.
 * @throws FusionclipError `usage` when the `compat` is none of the method's
 */
export function presetTexts(method: string, compat: string): Required<Preset> {
  const preset = methodPreset(method);
  const code = compat.replace(ORACLE_SUFFIX, '');
  const chosen: Preset | undefined = code === 'none' ? { settings: {} } : preset.compat[code];
  if (!chosen) {
    const known = COMPATS.filter((name) => name === 'none' || name.replace(ORACLE_SUFFIX, '') in preset.compat);
    throw new FusionclipError('usage', `--method ${method} has no --compat ${compat}; it knows ${known.join(', ')}.`);
  }
  const oracle = compat.endsWith(ORACLE_SUFFIX) ? ORACLE : {};
  return {
    settings: { ...preset.settings, ...chosen.settings },
    training: { ...preset.training, ...chosen.training, ...oracle },
  };
}

/** What a method is called in a heading: the beginning of its summary, or its name where that says no more. */
export function methodTitle(name: string): string {
  const [title] = methodPreset(name)?.summary.split(':') ?? [];
  return !title || title === name ? name : `${title} (${name})`;
}

/** Whether a method compares images with the normal support images. */
export function remembersSupport(method: string): boolean {
  return isRead(method, 'memory.augment');
}

/** Whether a setting means something to a method. */
export function isRead(method: string, name: string): boolean {
  return COMMON_SETTINGS.includes(name) || methodPreset(method).reads.includes(name);
}
