import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { fnv1a32 } from '../base/rule.ts';
import {
  type ClipConfig,
  type ClipModelFile,
  type ClipWeights,
  clipShapes,
  GeneratedClipModel,
  type NamedTensors,
  openClipModel,
  type PixelStatistics,
  PRESETS,
  pixelStatistics,
  presetConfig,
  Tokenizer,
} from '../clip/index.ts';
import { MEDCLIP_PRESETS } from '../medclip/config.ts';
import { GeneratedMedClip, generatedMedClip, holdsMedClip, openMedClip } from '../medclip/model_file.ts';
import { medClipShapes } from '../medclip/names.ts';
import type { MedClipWeights } from '../medclip/stage_tower.ts';
import type { WordPiece } from '../medclip/word_piece.ts';
import type { ModelIdentity } from '../run/model_identity.ts';
import type { ModelDefaults } from '../run/model_settings.ts';
import { clipDefaults, NO_DEFAULTS, recommendedSettings } from './model_defaults.ts';
import { type WeightSum, weightSum } from './weight_sum.ts';

/** A CLIP model that is ready to be loaded, with its tokenizer. */
export interface Backbone {
  readonly family: 'clip';
  readonly weights: ClipWeights;
  readonly tokenizer: Tokenizer;
  readonly identity: ModelIdentity;
  /** The settings that suit it. */
  readonly defaults: ModelDefaults;
  /** Something to tell the user about the model, or null. */
  readonly note: string | null;
}

/** A MedCLIP model that is ready to be loaded, with its tokenizer. */
export interface MedClipBackbone extends Pick<Backbone, 'identity' | 'defaults' | 'note'> {
  readonly family: 'medclip';
  readonly weights: MedClipWeights;
  readonly tokenizer: WordPiece;
}

/** A model of either family. */
export type AnyBackbone = Backbone | MedClipBackbone;

/** What a model's images are normalised with; MedCLIP's have constants of their own. */
export function statisticsOf(backbone: AnyBackbone): PixelStatistics {
  return pixelStatistics(backbone.family === 'clip' ? backbone.weights.config : {});
}

/** What names a model in an API: a path, `generated:NAME:SEED`, `random:PATH:SEED`, or a model that is open already. */
export type ModelSource = string | AnyBackbone;

/** Where the sum of a model's weights is kept by whoever knows that its files stay as they are. */
export interface SumKeeper {
  /** What was kept of a model of this hash, or null. */
  get(hash: string): Promise<WeightSum | null>;
  /** Keeps it, where that can be done. */
  put(hash: string, sum: WeightSum): Promise<void>;
}

/** Small tensors from both towers and from their ends: another model differs in every one of them. */
const FINGERPRINT = [
  'visual.class_embedding',
  'visual.ln_post.weight',
  'visual.proj',
  'ln_final.bias',
  'text_projection',
];
const MEDCLIP_FINGERPRINT = ['visual.conv1.weight', 'visual.head.weight', 'ln_embed.bias', 'text_head.weight'];

/**
 * Opens the CLIP model that a `--model` names, as {@link openModel} does.
 * @param onProgress called after each tensor of a file's weights, all of which are read
 * @param sums where they need not be read again
 * @throws FusionclipError `usage`, `io`, `bad_model`; also for a MedCLIP model
 */
export async function openBackbone(
  fs: FileSystem,
  source: ModelSource,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
  sums?: SumKeeper,
): Promise<Backbone> {
  const model = await openModel(fs, source, signal, onProgress, sums);
  if (model.family === 'clip') return model;
  throw new FusionclipError('bad_model', `${model.identity.name} is a MedCLIP model; give a CLIP model here.`);
}

/**
 * Opens the model that a `--model` names: a safetensors file, a folder as Hugging Face lays it out or of MedCLIP, or
 * `generated:NAME:SEED` for a preset whose weights follow the generation rule, or `random:PATH:SEED` for a model with
 * configuration and tokenizer of the one at PATH and weights of the rule, which is used with the settings of that one: what
 * training has given it shows beside that.
 * @throws FusionclipError `usage`, `io`, `bad_model`; and what the signal was fired with: all weights are read
 */
export async function openModel(
  fs: FileSystem,
  source: ModelSource,
  signal?: AbortSignal,
  onProgress?: (done: number, total: number) => void,
  sums?: SumKeeper,
): Promise<AnyBackbone> {
  if (typeof source !== 'string') return source;
  const name = source;
  const generated = /^generated:([^:]+)(?::(\d+))?$/.exec(name);
  if (generated) {
    const seed = Number(generated[2] ?? 1);
    const medClip = generatedMedClip(generated[1], seed);
    return medClip
      ? medClipBackbone(medClip.weights, medClip.tokenizer, name)
      : generatedBackbone(presetConfig(generated[1]), seed, name);
  }
  if (name.startsWith('generated:')) {
    throw new FusionclipError(
      'usage',
      `"${name}" is no generated model: write generated:NAME:SEED with a name from ${[...PRESETS.keys(), ...MEDCLIP_PRESETS.keys()].join(', ')}.`,
    );
  }
  const random = /^random:(.+?)(?::(\d+))?$/.exec(name);
  const path = random?.[1] ?? name;
  const seed = random && Number(random[2] ?? 1);
  const open = (await holdsMedClip(fs, path)) ? openMedClipPath : openClipPath;
  return open(fs, path, name, seed, { signal, onProgress, sums });
}

/** How the weights of a file are read; see {@link openBackbone}. */
interface Reading {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  readonly sums?: SumKeeper;
}

/** @param seed of weights in place of the file's, or null for those of the file */
async function openClipPath(
  fs: FileSystem,
  path: string,
  name: string,
  seed: number | null,
  reading: Reading,
): Promise<Backbone> {
  const model = await openClipModel(fs, path);
  const tokenizer = await model.tokenizer();
  const defaults = await clipDefaults(model, name, await recommendedSettings(fs, model.folder));
  if (seed !== null) {
    model.close();
    const weights = new GeneratedClipModel(model.config, seed);
    return { family: 'clip', weights, tokenizer, identity: await identifyModel(weights, name), defaults, note: null };
  }
  const identity = await identifyModel(model, name);
  const { sum, warning } = await summed(model, clipShapes(model.config), identity, reading);
  const note = [...notesOf(model, name), ...warning].join(' ') || null;
  return { family: 'clip', weights: model, tokenizer, identity: sum, defaults, note };
}

/** An identity with the sum of all weights, and a warning where they look damaged. */
async function summed(
  weights: NamedTensors,
  shapes: ReadonlyMap<string, readonly number[]>,
  identity: ModelIdentity,
  { signal, onProgress, sums }: Reading,
): Promise<{ readonly sum: ModelIdentity; readonly warning: readonly string[] }> {
  // Each byte of an address is a request; there the fingerprint has to do.
  if (/^https?:/.test(identity.name)) return { sum: identity, warning: [] };
  const { name, hash, config } = identity;
  const kept = await sums?.get(hash);
  const found = kept ?? (await weightSum(weights, shapes, hash, signal, onProgress));
  if (!kept) await sums?.put(hash, found);
  const { sha256, damage } = found;
  const text = `${name} looks damaged: ${damage}; its scores are worth nothing then. Take another copy of it.`;
  return { sum: { name, hash, sha256, config }, warning: damage === null ? [] : [text] };
}

/** What a user should know of how a model's files were read. */
function notesOf({ actKnown, config, unknownKeys }: ClipModelFile, name: string): string[] {
  const notes: string[] = [];
  if (!actKnown) {
    notes.push(
      `${name} does not say its activation, QuickGELU is assumed; say --act gelu if it is a model of LAION or DataComp.`,
    );
  }
  const { pixels } = config;
  if (pixels) notes.push(`Images are normalised as ${name} says: mean ${pixels.mean}, deviation ${pixels.std}.`);
  if (unknownKeys.length > 0) {
    notes.push(
      `The configuration of ${name} has ${unknownKeys.join(', ')}, which this program does not know: ` +
        'if it changes what the model computes, embeddings differ.',
    );
  }
  return notes;
}

/** @param seed as {@link openClipPath} takes it */
async function openMedClipPath(
  fs: FileSystem,
  path: string,
  name: string,
  seed: number | null,
  reading: Reading,
): Promise<MedClipBackbone> {
  const model = await openMedClip(fs, path);
  const tokenizer = await model.tokenizer();
  const defaults = { ...NO_DEFAULTS, recommended: await recommendedSettings(fs, model.folder) };
  if (seed === null) {
    const backbone = await medClipBackbone(model, tokenizer, name, defaults);
    const { sum, warning } = await summed(model, medClipShapes(model.config), backbone.identity, reading);
    return { ...backbone, identity: sum, note: warning.join(' ') || null };
  }
  model.close();
  return medClipBackbone(new GeneratedMedClip(model.config, seed), tokenizer, name, defaults);
}

async function medClipBackbone(
  weights: MedClipWeights,
  tokenizer: WordPiece,
  name: string,
  defaults: ModelDefaults = NO_DEFAULTS,
): Promise<MedClipBackbone> {
  const { config } = weights;
  const hash = await hashOf(weights, medClipShapes(config), JSON.stringify(config), MEDCLIP_FINGERPRINT);
  return { family: 'medclip', weights, tokenizer, identity: { name, hash, config }, defaults, note: null };
}

/** A generated model as a backbone, without any file. */
export async function generatedBackbone(config: ClipConfig, seed: number, name: string): Promise<Backbone> {
  const weights = new GeneratedClipModel(config, seed);
  const tokenizer = await Tokenizer.openai();
  const [identity, defaults] = [await identifyModel(weights, name), await clipDefaults(weights, name)];
  return { family: 'clip', weights, tokenizer, identity, defaults, note: null };
}

/** Equal where two models say the same of the same images and sentences. */
export function modelKey({ hash, config }: ModelIdentity): string {
  return 'act' in config ? JSON.stringify([hash, config.act, config.pixels ?? null]) : hash;
}

/** Identity of a model under the name that was given for it. */
export async function identifyModel(weights: ClipWeights, name: string): Promise<ModelIdentity> {
  const { config } = weights;
  const more = `${config.vision.heads} ${config.text.heads} ${config.eot}`;
  return { name, hash: await hashOf(weights, clipShapes(config), more, FINGERPRINT), config };
}

/** @param more what no shape tells */
async function hashOf(
  weights: NamedTensors,
  shapes: ReadonlyMap<string, readonly number[]>,
  more: string,
  fingerprint: readonly string[],
): Promise<string> {
  const all = [...shapes].map(([tensor, shape]) => `${tensor}[${shape}]`).join();
  const parts = [fnv1a32(`${all} ${more}`)];
  for (const tensor of fingerprint) parts.push(fnv1a32(new Uint8Array((await weights.read(tensor)).buffer)));
  return parts.map((n) => n.toString(16).padStart(8, '0')).join('-');
}

/**
 * The backbone as a run was trained on it. Equal weights may lie in folders whose files say another activation or other
 * statistics of the images; what was trained knows only those that it was trained with.
 * @returns with a note where the folder of now says something else
 * @throws FusionclipError `bad_model` for other weights, where what was trained would be noise
 */
export function asTrained(trained: ModelIdentity, given: AnyBackbone, file: string): AnyBackbone {
  requireSameModel(trained, given.identity, file);
  const config = trained.config;
  if (given.family === 'medclip' || !('act' in config)) return given;
  const { weights } = given;
  if (modelKey(trained) === modelKey(given.identity)) return given;
  const [then, now] = [config, weights.config].map(
    (one) => `activation ${one.act}, mean ${pixelStatistics(one).mean}, deviation ${pixelStatistics(one).std}`,
  );
  const text = `${given.identity.name} says ${now}; ${file} was trained with ${then}, which is used.`;
  return {
    ...given,
    weights: {
      config,
      read: (name) => weights.read(name),
      readRows: (name, rows) => weights.readRows(name, rows),
    },
    identity: { ...given.identity, config },
    note: text,
  };
}

/**
 * Refuses a checkpoint that was trained on another backbone: its adapters would be noise there.
 * @throws FusionclipError `bad_model`
 */
export function requireSameModel(trained: ModelIdentity, given: ModelIdentity, file: string): void {
  if (trained.hash === given.hash) {
    const [then, now] = [trained.sha256, given.sha256];
    if (then === undefined || now === undefined || then === now) return;
    throw new FusionclipError(
      'bad_model',
      `The weights of ${given.name} are not those that ${file} was trained on, though their ends agree ` +
        `(SHA-256 ${now.slice(0, 12)}…, then ${then.slice(0, 12)}…); take another copy of the model.`,
    );
  }
  const { width, layers, patch } = trained.config.vision;
  throw new FusionclipError(
    'bad_model',
    `${file} was trained on ${trained.name} (${layers} layers of width ${width}, patch ${patch}; ${trained.hash}), ` +
      `not on ${given.name} (${given.hash}); give --model the model that it was trained on.`,
  );
}
