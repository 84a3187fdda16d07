import { FusionclipError } from '../base/errors.ts';
import type { TowerConfig } from '../clip/config.ts';

/** One stage of a Swin transformer. */
export interface SwinStage extends Omit<TowerConfig, 'layers'> {
  readonly blocks: number;
}

/** A Swin transformer; every stage but the first merges 2×2 tokens first. */
export interface SwinConfig {
  readonly kind: 'swin';
  /** Pixels on the side of a patch. */
  readonly patch: number;
  /** Tokens on the side of an attention window. */
  readonly window: number;
  readonly stages: readonly SwinStage[];
  /** Width of the last stage. */
  readonly width: number;
  /** Blocks of all stages. */
  readonly layers: number;
}

/** One stage of a ResNet: bottleneck blocks of `inner` channels between `width` ones. */
export interface ResNetStage {
  readonly inner: number;
  readonly width: number;
  readonly blocks: number;
}

/** A ResNet of bottleneck blocks; every stage but the first halves the grid. */
export interface ResNetConfig {
  readonly kind: 'resnet';
  /** Channels of the stem and the side of its window in pixels. */
  readonly stem: { readonly width: number; readonly side: number };
  readonly stages: readonly ResNetStage[];
  /** Width of the last stage. */
  readonly width: number;
  /** Blocks of all stages. */
  readonly layers: number;
  /** Pixels on the side of a cell of the last stage. */
  readonly patch: number;
}

/** The sizes of a MedCLIP model. */
export interface MedClipConfig {
  /** Width of the space that pictures and sentences share. */
  readonly embed: number;
  readonly vision: SwinConfig | ResNetConfig;
  /** BERT; `context` is the longest sentence in tokens, `positions` the rows of its position table. */
  readonly text: TowerConfig & { readonly vocab: number; readonly positions: number; readonly context: number };
}

/** What a configuration file says of a model beyond its shapes. */
export interface MedClipHints {
  readonly textHeads?: number;
}

/** Tokens at which MedCLIP cuts a sentence. */
const CONTEXT = 77;

/** A Swin transformer of so many stages. */
export function swinConfig(patch: number, window: number, stages: readonly SwinStage[]): SwinConfig {
  return { kind: 'swin', patch, window, stages, ...sums(stages) };
}

/** A ResNet of so many stages. */
export function resNetConfig(stem: ResNetConfig['stem'], stages: readonly ResNetStage[]): ResNetConfig {
  // The stem and its pooling halve the grid, and so does every stage but the first.
  return { kind: 'resnet', stem, stages, ...sums(stages), patch: 2 ** (stages.length + 1) };
}

/** BERT with so many positions. */
export function bertConfig(tower: TowerConfig, vocab: number, positions: number): MedClipConfig['text'] {
  return { ...tower, vocab, positions, context: Math.min(CONTEXT, positions) };
}

function sums(stages: readonly { readonly width: number; readonly blocks: number }[]) {
  return { width: stages.at(-1)!.width, layers: stages.reduce((sum, { blocks }) => sum + blocks, 0) };
}

const BERT_BASE: TowerConfig = { width: 768, layers: 12, heads: 12, mlp: 3072 };
const BERT_MINI: TowerConfig = { width: 32, layers: 3, heads: 4, mlp: 64 };

/** Swin-T, the tower of `microsoft/swin-tiny-patch4-window7-224`. */
const SWIN_T = swinConfig(
  4,
  7,
  [2, 2, 6, 2].map((blocks, i) => ({ blocks, width: 96 << i, heads: 3 << i, mlp: 384 << i })),
);
const SWIN_MINI = swinConfig(
  4,
  3,
  [2, 2, 2, 1].map((blocks, i) => ({ blocks, width: 16 << i, heads: [2, 4, 4, 8][i], mlp: 32 << i })),
);
const RESNET_50 = resNetConfig(
  { width: 64, side: 7 },
  [3, 4, 6, 3].map((blocks, i) => ({ blocks, inner: 64 << i, width: 256 << i })),
);
const RESNET_MINI = resNetConfig(
  { width: 8, side: 7 },
  [1, 2, 1, 1].map((blocks, i) => ({ blocks, inner: 4 << i, width: 16 << i })),
);

/**
 * Models that can be generated, without their vocabularies: both published ones, and small ones of the same parts for
 * tests.
 */
export const MEDCLIP_PRESETS: ReadonlyMap<string, (vocab: number) => MedClipConfig> = new Map<
  string,
  (vocab: number) => MedClipConfig
>([
  ['medclip-swin', (vocab) => ({ embed: 512, vision: SWIN_T, text: bertConfig(BERT_BASE, vocab, 512) })],
  ['medclip-resnet', (vocab) => ({ embed: 512, vision: RESNET_50, text: bertConfig(BERT_BASE, vocab, 512) })],
  ['medclip-swin-mini', (vocab) => ({ embed: 24, vision: SWIN_MINI, text: bertConfig(BERT_MINI, vocab, 80) })],
  ['medclip-resnet-mini', (vocab) => ({ embed: 24, vision: RESNET_MINI, text: bertConfig(BERT_MINI, vocab, 80) })],
]);

/** Whether a file with tensors of these names is meant to be a MedCLIP model. */
export function isMedClip(names: Iterable<string>): boolean {
  for (const name of names) if (/^(text_model|vision_model)\.model\./.test(name)) return true;
  return false;
}

/**
 * The configuration that names and shapes of a file imply. Heads of the text tower are 64 wide unless a hint says otherwise.
 * @throws FusionclipError `bad_model` when a tensor that tells a size is missing or of the wrong rank
 */
export function medClipConfig(
  shapes: ReadonlyMap<string, readonly number[]>,
  file: string,
  hints: MedClipHints = {},
): MedClipConfig {
  const shape = (name: string, rank: number): readonly number[] => {
    const found = shapes.get(name);
    if (!found) throw noMedClip(file, `has no tensor ${name}`);
    if (found.length !== rank || found.some((extent) => extent < 1)) {
      throw noMedClip(file, `has ${name} of shape [${found.join(', ')}] where ${rank} axes are expected`);
    }
    return found;
  };
  const count = (name: (i: number) => string): number => {
    let n = 0;
    while (shapes.has(name(n))) n++;
    return n;
  };
  const isSwin = [...shapes.keys()].some((name) => name.startsWith('vision_model.model.embeddings.'));
  return {
    embed: shape('text_model.projection_head.weight', 2)[0],
    vision: isSwin ? readSwin(shape, count, file) : readResNet(shape, count, file),
    text: readBert(shape, count, file, hints),
  };
}

/** The shape of a tensor that must have so many axes. */
type Shape = (name: string, rank: number) => readonly number[];
/** How many names there are from number 0 on. */
type Count = (name: (i: number) => string) => number;

function readSwin(shape: Shape, count: Count, file: string): SwinConfig {
  const root = 'vision_model.model.';
  const [, , patch] = shape(`${root}embeddings.patch_embeddings.projection.weight`, 4);
  const first = (i: number, j: number) => `${root}encoder.layers.${i}.blocks.${j}.`;
  const stages = Math.max(
    1,
    count((i) => `${first(i, 0)}layernorm_before.weight`),
  );
  const table = (i: number) => shape(`${first(i, 0)}attention.self.relative_position_bias_table`, 2);
  const window = (Math.sqrt(table(0)[0]) + 1) / 2;
  if (!Number.isInteger(window)) throw noMedClip(file, 'has a table of relative positions that is no square');
  return swinConfig(
    patch,
    window,
    Array.from({ length: stages }, (_, i) => ({
      blocks: count((j) => `${first(i, j)}layernorm_before.weight`),
      width: shape(`${first(i, 0)}layernorm_before.weight`, 1)[0],
      heads: table(i)[1],
      mlp: shape(`${first(i, 0)}intermediate.dense.weight`, 2)[0],
    })),
  );
}

function readResNet(shape: Shape, count: Count, file: string): ResNetConfig {
  const root = 'vision_model.model.';
  const [width, , side] = shape(`${root}conv1.weight`, 4);
  const block = (i: number, j: number, leaf: string) => `${root}layer${i + 1}.${j}.${leaf}.weight`;
  const stages = count((i) => block(i, 0, 'conv3'));
  if (stages === 0) throw noMedClip(file, `has no tensor ${block(0, 0, 'conv3')}`);
  return resNetConfig(
    { width, side },
    Array.from({ length: stages }, (_, i) => ({
      blocks: count((j) => block(i, j, 'conv3')),
      inner: shape(block(i, 0, 'conv1'), 4)[0],
      width: shape(block(i, 0, 'conv3'), 4)[0],
    })),
  );
}

function readBert(shape: Shape, count: Count, file: string, { textHeads }: MedClipHints): MedClipConfig['text'] {
  const root = 'text_model.model.';
  const [vocab, width] = shape(`${root}embeddings.word_embeddings.weight`, 2);
  const [positions] = shape(`${root}embeddings.position_embeddings.weight`, 2);
  const layers = count((i) => `${root}encoder.layer.${i}.intermediate.dense.weight`);
  if (layers < 2) throw noMedClip(file, `has ${layers} text blocks of the two that its embedding is made of`);
  const [mlp] = shape(`${root}encoder.layer.0.intermediate.dense.weight`, 2);
  const heads = textHeads ?? width / 64;
  if (!Number.isSafeInteger(heads) || heads < 1 || width % heads !== 0) {
    throw noMedClip(
      file,
      `has a text width of ${width}, which ${textHeads ?? 'width/64'} attention heads do not divide`,
    );
  }
  return bertConfig({ width, layers, heads, mlp }, vocab, positions);
}

/** A file that is not what this program knows as MedCLIP. */
export function noMedClip(file: string, what: string): FusionclipError {
  return new FusionclipError('bad_model', `${file} ${what}; give a MedCLIP model as docs/methods/medclip.md says.`);
}
