import {
  type ClipConfig,
  type ClipWeights,
  clipShapes,
  GeneratedClipModel,
  openClipModel,
  PRESETS,
  presetConfig,
  Tokenizer,
} from '../clip/index.ts';
import type { FileSystem } from '../data/file_system.ts';
import { fnv1a32 } from '../data/rule.ts';
import { FusionclipError } from '../gpu/errors.ts';

/** What a checkpoint remembers of the model that it was trained on. */
export interface ModelIdentity {
  /** As it was given: a path, `generated:NAME:SEED` or `random:PATH:SEED`. For people; two equal models may have different names. */
  readonly name: string;
  /** Of the configuration and of some tensors of both towers: equal for equal weights, whatever file holds them. */
  readonly hash: string;
  readonly config: ClipConfig;
}

/** A CLIP model that is ready to be loaded, with its tokenizer. */
export interface Backbone {
  readonly weights: ClipWeights;
  readonly tokenizer: Tokenizer;
  readonly identity: ModelIdentity;
  /** Something to tell the user about the model, or null. */
  readonly note: string | null;
}

/** What names a model in an API: a path, `generated:NAME:SEED`, `random:PATH:SEED`, or a model that is open already. */
export type ModelSource = string | Backbone;

/** Small tensors from both towers and from their ends: another model differs in every one of them. */
const FINGERPRINT = [
  'visual.class_embedding',
  'visual.ln_post.weight',
  'visual.proj',
  'ln_final.bias',
  'text_projection',
];

/**
 * Opens the model that a `--model` names: a safetensors file, a folder as Hugging Face lays it out, or
 * `generated:NAME:SEED` for a preset whose weights follow the generation rule, or `random:PATH:SEED` for a model with
 * configuration and tokenizer of the one at PATH and weights of the rule: what training has given it shows beside that.
 * @throws FusionclipError `usage`, `io`, `bad_model`
 */
export async function openBackbone(fs: FileSystem, source: ModelSource): Promise<Backbone> {
  if (typeof source !== 'string') return source;
  const name = source;
  const generated = /^generated:([^:]+)(?::(\d+))?$/.exec(name);
  if (generated) {
    return generatedBackbone(presetConfig(generated[1]), Number(generated[2] ?? 1), name);
  }
  if (name.startsWith('generated:')) {
    throw new FusionclipError(
      'usage',
      `"${name}" is no generated model: write generated:NAME:SEED with a name from ${[...PRESETS.keys()].join(', ')}.`,
    );
  }
  const random = /^random:(.+?)(?::(\d+))?$/.exec(name);
  if (random) {
    const model = await openClipModel(fs, random[1]);
    const weights = new GeneratedClipModel(model.config, Number(random[2] ?? 1));
    const tokenizer = await model.tokenizer();
    model.close();
    return { weights, tokenizer, identity: await identifyModel(weights, name), note: null };
  }
  const weights = await openClipModel(fs, name);
  const note = weights.actKnown
    ? null
    : `${name} does not say its activation, QuickGELU is assumed; say --act gelu if it is a model of LAION or DataComp.`;
  return { weights, tokenizer: await weights.tokenizer(), identity: await identifyModel(weights, name), note };
}

/** A generated model as a backbone, without any file. */
export async function generatedBackbone(config: ClipConfig, seed: number, name: string): Promise<Backbone> {
  const weights = new GeneratedClipModel(config, seed);
  const tokenizer = await Tokenizer.openai();
  return { weights, tokenizer, identity: await identifyModel(weights, name), note: null };
}

/** Identity of a model under the name that was given for it. */
export async function identifyModel(weights: ClipWeights, name: string): Promise<ModelIdentity> {
  const { config } = weights;
  const shapes = [...clipShapes(config)].map(([tensor, shape]) => `${tensor}[${shape}]`).join();
  const parts = [fnv1a32(`${shapes} ${config.vision.heads} ${config.text.heads} ${config.eot}`)];
  for (const tensor of FINGERPRINT) parts.push(fnv1a32(new Uint8Array((await weights.read(tensor)).buffer)));
  return { name, hash: parts.map((n) => n.toString(16).padStart(8, '0')).join('-'), config };
}

/**
 * Refuses a checkpoint that was trained on another backbone: its adapters would be noise there.
 * @throws FusionclipError `bad_model`
 */
export function requireSameModel(trained: ModelIdentity, given: ModelIdentity, file: string): void {
  if (trained.hash === given.hash) return;
  const { width, layers, patch } = trained.config.vision;
  throw new FusionclipError(
    'bad_model',
    `${file} was trained on ${trained.name} (${layers} layers of width ${width}, patch ${patch}; ${trained.hash}), ` +
      `not on ${given.name} (${given.hash}); give --model the model that it was trained on.`,
  );
}
