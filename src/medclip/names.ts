/**
 * What the tensors of a MedCLIP model are called: in the published files as PyTorch, `transformers` and torchvision name
 * them, everywhere else in this program after the same parts of a CLIP model.
 */
import type { TowerConfig } from '../clip/config.ts';
import type { TensorSource } from '../clip/names.ts';
import { type MedClipConfig, noMedClip, type ResNetConfig, type SwinConfig } from './config.ts';

/** A tensor with its shape and where it comes from. */
export interface MedClipTensor extends TensorSource {
  readonly shape: readonly number[];
}

type Row = [name: string, shape: readonly number[], tensors: readonly string[]];

/** Buffers and heads that a file may have and no result depends on. */
const IGNORED =
  /(^|\.)(position_ids|token_type_ids|relative_position_index|num_batches_tracked)$|^text_model\.model\.pooler\./;

/** Every tensor of a model by its canonical name, in the order in which they are used. */
export function medClipTensors({ embed, vision, text }: MedClipConfig): Map<string, MedClipTensor> {
  const rows: Row[] = [
    ...(vision.kind === 'swin' ? swinRows(vision, embed) : resNetRows(vision, embed)),
    ...bertRows(text, embed),
    ['logit_scale', [], ['logit_scale']],
  ];
  return new Map(rows.map(([name, shape, tensors]) => [name, { shape, tensors, transpose: false }]));
}

/** Shapes by canonical name. */
export function medClipShapes(config: MedClipConfig): Map<string, readonly number[]> {
  return new Map([...medClipTensors(config)].map(([name, { shape }]) => [name, shape]));
}

/**
 * Compares the tensors of a file with those its configuration asks for.
 * @param shapes names and shapes as they are in the file
 * @throws FusionclipError `bad_model` naming the first tensor that is missing, has another shape, or is not known:
 *   computing on without it would give plausible nonsense
 */
export function checkMedClip(
  config: MedClipConfig,
  shapes: ReadonlyMap<string, readonly number[]>,
  file: string,
): void {
  const known = new Set<string>();
  for (const { tensors, shape } of medClipTensors(config).values()) {
    const expected = tensors.length > 1 ? [shape[0] / tensors.length, ...shape.slice(1)] : shape;
    for (const tensor of tensors) {
      known.add(tensor);
      const got = shapes.get(tensor);
      if (!got) throw noMedClip(file, `has no tensor ${tensor}`);
      const same = expected.length === 0 ? got.every((n) => n === 1) : String(got) === String(expected);
      if (!same) {
        throw noMedClip(file, `has ${tensor} of shape [${got.join(', ')}] where [${expected.join(', ')}] is expected`);
      }
    }
  }
  for (const name of shapes.keys()) {
    if (!known.has(name) && !IGNORED.test(name)) throw noMedClip(file, `has the tensor ${name}, which no MedCLIP has`);
  }
}

function affine(name: string, theirs: string, shape: readonly number[]): Row[] {
  return [
    [`${name}.weight`, shape, [`${theirs}.weight`]],
    [`${name}.bias`, [shape[0]], [`${theirs}.bias`]],
  ];
}

/** The tensors of a transformer block; both towers' files name all but the norms alike. */
function blockRows(
  name: string,
  theirs: string,
  { width, mlp }: Pick<TowerConfig, 'width' | 'mlp'>,
  norms: readonly [string, string],
): Row[] {
  const qkv = (leaf: string) => ['query', 'key', 'value'].map((part) => `${theirs}.attention.self.${part}.${leaf}`);
  return [
    ...affine(`${name}.ln_1`, `${theirs}.${norms[0]}`, [width]),
    [`${name}.attn.in_proj_weight`, [3 * width, width], qkv('weight')],
    [`${name}.attn.in_proj_bias`, [3 * width], qkv('bias')],
    ...affine(`${name}.attn.out_proj`, `${theirs}.attention.output.dense`, [width, width]),
    ...affine(`${name}.ln_2`, `${theirs}.${norms[1]}`, [width]),
    ...affine(`${name}.mlp.c_fc`, `${theirs}.intermediate.dense`, [mlp, width]),
    ...affine(`${name}.mlp.c_proj`, `${theirs}.output.dense`, [width, mlp]),
  ];
}

function swinRows({ patch, window, stages, width: last }: SwinConfig, embed: number): Row[] {
  const root = 'vision_model.model';
  const width = stages[0].width;
  const rows: Row[] = [
    ...affine('visual.conv1', `${root}.embeddings.patch_embeddings.projection`, [width, 3, patch, patch]),
    ...affine('visual.ln_pre', `${root}.embeddings.norm`, [width]),
  ];
  stages.forEach((stage, i) => {
    const theirs = `${root}.encoder.layers.${i}`;
    for (let j = 0; j < stage.blocks; j++) {
      const table = 'attention.self.relative_position_bias_table';
      rows.push(
        ...blockRows(`visual.${i}.${j}`, `${theirs}.blocks.${j}`, stage, ['layernorm_before', 'layernorm_after']),
        [
          `visual.${i}.${j}.attn.relative_bias`,
          [(2 * window - 1) ** 2, stage.heads],
          [`${theirs}.blocks.${j}.${table}`],
        ],
      );
    }
    if (i === stages.length - 1) return;
    const merged = 4 * stage.width;
    rows.push(...affine(`visual.${i}.ln_merge`, `${theirs}.downsample.norm`, [merged]));
    const reduction = `${theirs}.downsample.reduction.weight`;
    rows.push([`visual.${i}.merge.weight`, [stages[i + 1].width, merged], [reduction]]);
  });
  rows.push(...affine('visual.ln_post', `${root}.layernorm`, [last]));
  rows.push(['visual.head.weight', [embed, last], ['vision_model.projection_head.weight']]);
  return rows;
}

function resNetRows({ stem, stages, width: last }: ResNetConfig, embed: number): Row[] {
  const rows: Row[] = [];
  const convolution = (conv: string, norm: string, [outputs, inputs, side]: readonly [number, number, number]) => {
    const theirs = (name: string) => [`vision_model.model.${name}`];
    rows.push([`visual.${conv}.weight`, [outputs, inputs, side, side], theirs(`${conv}.weight`)]);
    for (const leaf of ['weight', 'bias', 'running_mean', 'running_var']) {
      rows.push([`visual.${norm}.${leaf}`, [outputs], theirs(`${norm}.${leaf}`)]);
    }
  };
  convolution('conv1', 'bn1', [stem.width, 3, stem.side]);
  let width = stem.width;
  stages.forEach((stage, i) => {
    for (let j = 0; j < stage.blocks; j++) {
      const block = `layer${i + 1}.${j}`;
      convolution(`${block}.conv1`, `${block}.bn1`, [stage.inner, width, 1]);
      convolution(`${block}.conv2`, `${block}.bn2`, [stage.inner, stage.inner, 3]);
      convolution(`${block}.conv3`, `${block}.bn3`, [stage.width, stage.inner, 1]);
      if (j === 0) convolution(`${block}.downsample.0`, `${block}.downsample.1`, [stage.width, width, 1]);
      width = stage.width;
    }
  });
  rows.push(['visual.head.weight', [embed, last], ['vision_model.model.fc.weight']]);
  return rows;
}

function bertRows({ width, layers, mlp, vocab, positions }: MedClipConfig['text'], embed: number): Row[] {
  const root = 'text_model.model';
  const table = (name: string) => [`${root}.embeddings.${name}.weight`];
  const rows: Row[] = [
    ['token_embedding.weight', [vocab, width], table('word_embeddings')],
    ['positional_embedding', [positions, width], table('position_embeddings')],
    ['type_embedding.weight', [2, width], table('token_type_embeddings')],
    ...affine('ln_embed', `${root}.embeddings.LayerNorm`, [width]),
  ];
  for (let i = 0; i < layers; i++) {
    const norms = ['attention.output.LayerNorm', 'output.LayerNorm'] as const;
    rows.push(...blockRows(`text.${i}`, `${root}.encoder.layer.${i}`, { width, mlp }, norms));
  }
  rows.push(['text_head.weight', [embed, width], ['text_model.projection_head.weight']]);
  return rows;
}
