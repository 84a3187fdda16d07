/**
 * What the tensors of a CLIP model are called. Everywhere in this program they have OpenAI's names (open_clip's are the
 * same); Hugging Face's names exist only here.
 */
import { FusionclipError } from '../base/errors.ts';
import { type ClipConfig, misfit, type TowerConfig } from './config.ts';

/** Whose names a file uses. */
export type TensorNaming = 'openai' | 'huggingface';

/** Where a canonical tensor comes from: file tensors stacked along the first axis, then transposed if `transpose`. */
export interface TensorSource {
  readonly tensors: readonly string[];
  readonly transpose: boolean;
}

/** A file's tensors under their canonical names. */
export interface ResolvedNames {
  readonly naming: TensorNaming;
  readonly sources: ReadonlyMap<string, TensorSource>;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** Canonical names of tensors that a model of so many layers has and the file has not, or not wholly. */
  readonly missing: readonly string[];
}

const VISION_BLOCKS = 'visual.transformer.resblocks';
const TEXT_BLOCKS = 'transformer.resblocks';

/** Buffers and scalars that some exporters leave in a file and that say nothing the shapes do not. */
const IGNORED = /(^|\.)(position_ids|attn_mask|input_resolution|context_length|vocab_size)$/;

/** Name and shape of every tensor of a model, block by block in the order in which they are used. */
export function clipShapes(config: ClipConfig): Map<string, readonly number[]> {
  const { vision, text, embed } = config;
  const grid = Math.floor(vision.nativeSize / vision.patch);
  return new Map<string, readonly number[]>([
    ['visual.conv1.weight', [vision.width, 3, vision.patch, vision.patch]],
    ['visual.class_embedding', [vision.width]],
    ['visual.positional_embedding', [grid * grid + 1, vision.width]],
    ...normShapes('visual.ln_pre', vision.width),
    ...blockShapes(VISION_BLOCKS, vision),
    ...normShapes('visual.ln_post', vision.width),
    ['visual.proj', [vision.width, embed]],
    ['token_embedding.weight', [text.vocab, text.width]],
    ['positional_embedding', [text.context, text.width]],
    ...blockShapes(TEXT_BLOCKS, text),
    ...normShapes('ln_final', text.width),
    ['text_projection', [text.width, embed]],
    ['logit_scale', []],
  ]);
}

function normShapes(name: string, width: number): [string, number[]][] {
  return [
    [`${name}.weight`, [width]],
    [`${name}.bias`, [width]],
  ];
}

function blockShapes(prefix: string, { width, layers, mlp }: TowerConfig): [string, number[]][] {
  return Array.from({ length: layers }, (_, i) => `${prefix}.${i}`).flatMap((block): [string, number[]][] => [
    ...normShapes(`${block}.ln_1`, width),
    [`${block}.attn.in_proj_weight`, [3 * width, width]],
    [`${block}.attn.in_proj_bias`, [3 * width]],
    [`${block}.attn.out_proj.weight`, [width, width]],
    [`${block}.attn.out_proj.bias`, [width]],
    ...normShapes(`${block}.ln_2`, width),
    [`${block}.mlp.c_fc.weight`, [mlp, width]],
    [`${block}.mlp.c_fc.bias`, [mlp]],
    [`${block}.mlp.c_proj.weight`, [width, mlp]],
    [`${block}.mlp.c_proj.bias`, [width]],
  ]);
}

/** Everything outside of the blocks; the misspelt one is theirs. */
const HUGGING_FACE_NAMES: ReadonlyMap<string, string> = new Map([
  ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'],
  ['visual.class_embedding', 'vision_model.embeddings.class_embedding'],
  ['visual.positional_embedding', 'vision_model.embeddings.position_embedding.weight'],
  ['visual.ln_pre.weight', 'vision_model.pre_layrnorm.weight'],
  ['visual.ln_pre.bias', 'vision_model.pre_layrnorm.bias'],
  ['visual.ln_post.weight', 'vision_model.post_layernorm.weight'],
  ['visual.ln_post.bias', 'vision_model.post_layernorm.bias'],
  ['visual.proj', 'visual_projection.weight'],
  ['token_embedding.weight', 'text_model.embeddings.token_embedding.weight'],
  ['positional_embedding', 'text_model.embeddings.position_embedding.weight'],
  ['ln_final.weight', 'text_model.final_layer_norm.weight'],
  ['ln_final.bias', 'text_model.final_layer_norm.bias'],
  ['text_projection', 'text_projection.weight'],
  ['logit_scale', 'logit_scale'],
]);

const HUGGING_FACE_PARTS: ReadonlyMap<string, string> = new Map([
  ['ln_1', 'layer_norm1'],
  ['ln_2', 'layer_norm2'],
  ['attn.out_proj', 'self_attn.out_proj'],
  ['mlp.c_fc', 'mlp.fc1'],
  ['mlp.c_proj', 'mlp.fc2'],
]);

/** What Hugging Face calls a canonical tensor. Throws `FusionclipError('bad_model')` for a name that is not canonical. */
export function huggingFaceSource(name: string): TensorSource {
  const single = HUGGING_FACE_NAMES.get(name);
  if (single) return { tensors: [single], transpose: name.endsWith('proj') || name.endsWith('projection') };
  const match = /^(visual\.)?transformer\.resblocks\.(\d+)\.(.+?)[._](weight|bias)$/.exec(name);
  if (match) {
    const [, visual, index, part, leaf] = match;
    const block = `${visual ? 'vision' : 'text'}_model.encoder.layers.${index}`;
    if (part === 'attn.in_proj') {
      return { tensors: ['q', 'k', 'v'].map((p) => `${block}.self_attn.${p}_proj.${leaf}`), transpose: false };
    }
    const theirs = HUGGING_FACE_PARTS.get(part);
    if (theirs) return { tensors: [`${block}.${theirs}.${leaf}`], transpose: false };
  }
  throw new FusionclipError('bad_model', `There is no CLIP tensor called ${name}; use OpenAI's names.`);
}

/** Shape of each of the file tensors that a canonical tensor of this shape comes from. */
export function sourceShape({ tensors, transpose }: TensorSource, shape: readonly number[]): readonly number[] {
  if (transpose) return shape.toReversed();
  return tensors.length > 1 ? [shape[0] / tensors.length, ...shape.slice(1)] : shape;
}

/** What tells a vision tower, and a text tower, under either kind of names. */
const VISION_ENDS = ['visual.conv1.weight', 'vision_model.embeddings.patch_embedding.weight'] as const;
const TEXT_ENDS = ['token_embedding.weight', 'text_model.embeddings.token_embedding.weight'] as const;

/** What programs that wrap a model put before its names: `module.`, `model.`, `clip.` or whatever, with its point. */
function commonPrefix(names: readonly string[]): string {
  for (const end of [...VISION_ENDS, ...TEXT_ENDS]) {
    const name = names.find((one) => one === end) ?? names.find((one) => one.endsWith(`.${end}`));
    if (name !== undefined) return name.slice(0, name.length - end.length);
  }
  return names.every((name) => name.startsWith('module.')) ? 'module.' : '';
}

/**
 * Finds out whose names a file uses and gives its tensors their canonical ones. OpenAI's text tower may have the prefix
 * `text.` (open_clip's newer classes) and everything one that a wrapping program puts there (`module.`, `model.`, `clip.`).
 *
 * @param shapes names and shapes as they are in the file
 * @throws FusionclipError `bad_model` when it is no CLIP model, or has a tensor that no CLIP vision transformer has:
 *   computing on without it would give plausible nonsense
 */
export function resolveNames(shapes: ReadonlyMap<string, readonly number[]>, file: string): ResolvedNames {
  const prefix = commonPrefix([...shapes.keys()]);
  const bare = new Map(
    [...shapes.keys()].map((name) => [name.startsWith(prefix) ? name.slice(prefix.length) : name, name]),
  );
  let naming: TensorNaming;
  if (bare.has('visual.conv1.weight')) naming = 'openai';
  else if (bare.has('vision_model.embeddings.patch_embedding.weight')) naming = 'huggingface';
  else if ([...bare.keys()].some((name) => name.startsWith('text_model.model.'))) {
    throw misfit(file, 'is a MedCLIP model, which only --method medclip runs');
  } else if (bare.has('visual.trunk.patch_embed.proj.weight') || bare.has('visual.layer1.0.conv1.weight')) {
    throw misfit(file, "has a vision tower of another kind than CLIP's own transformer");
  } else if (bare.has(TEXT_ENDS[0]) || bare.has(TEXT_ENDS[1])) {
    throw misfit(file, 'holds a text tower and no vision tower');
  } else throw misfit(file, `has neither ${VISION_ENDS.join(' nor ')}`);

  const textPrefix = naming === 'openai' && bare.has('text.token_embedding.weight') ? 'text.' : '';
  const sourceOf = (name: string): TensorSource => {
    if (naming === 'huggingface') return huggingFaceSource(name);
    const isText = !name.startsWith('visual.') && name !== 'logit_scale';
    return { tensors: [isText ? textPrefix + name : name], transpose: false };
  };
  const present = (name: string) => sourceOf(name).tensors.every((tensor) => bare.has(tensor));
  // Layers up to the last one of which there is anything; there cannot be more of them than tensors.
  const layers = (prefix: string) => {
    const [first] = sourceOf(`${prefix}.0.ln_1.weight`).tensors;
    const start = first.slice(0, first.indexOf('0.'));
    let count = 0;
    for (const name of bare.keys()) {
      const index = name.startsWith(start) ? /^\d+(?=\.)/.exec(name.slice(start.length)) : null;
      if (index) count = Math.max(count, Number(index[0]) + 1);
    }
    return Math.min(count, bare.size);
  };

  const sources = new Map<string, TensorSource>();
  const canonical = new Map<string, readonly number[]>();
  const unused = new Set(bare.keys());
  const missing: string[] = [];
  for (const name of clipShapes(anyConfig(layers(VISION_BLOCKS), layers(TEXT_BLOCKS))).keys()) {
    if (!present(name)) {
      missing.push(name);
      for (const tensor of sourceOf(name).tensors) unused.delete(tensor);
      continue;
    }
    const { tensors, transpose } = sourceOf(name);
    for (const tensor of tensors) unused.delete(tensor);
    const real = tensors.map((tensor) => bare.get(tensor)!);
    sources.set(name, { tensors: real, transpose });
    canonical.set(
      name,
      joinedShape(
        real.map((tensor) => shapes.get(tensor)!),
        transpose,
        name,
        file,
      ),
    );
  }
  for (const name of unused) {
    if (!IGNORED.test(name)) throw misfit(file, `has the tensor ${name}, which this program does not know`);
  }
  return { naming, sources, shapes: canonical, missing };
}

/**
 * Compares the shapes of a file with those its configuration asks for.
 * @throws FusionclipError `bad_model` naming the first tensor that is missing or has another shape
 */
export function checkShapes(config: ClipConfig, shapes: ReadonlyMap<string, readonly number[]>, file: string): void {
  for (const [name, expected] of clipShapes(config)) {
    const got = shapes.get(name);
    if (!got) throw misfit(file, `has no tensor ${name} [${expected.join(', ')}]`);
    // The scale is a scalar in most files and a list of one number in some.
    const same = expected.length === 0 ? got.every((n) => n === 1) : String(got) === String(expected);
    if (!same) {
      throw misfit(file, `has ${name} of shape [${got.join(', ')}] where [${expected.join(', ')}] is expected`);
    }
  }
}

function joinedShape(
  parts: readonly (readonly number[])[],
  transpose: boolean,
  name: string,
  file: string,
): readonly number[] {
  const [first] = parts;
  if (parts.length > 1 && parts.some((part) => part.length === 0 || String(part) !== String(first))) {
    throw misfit(file, `has query, key and value tensors of different shapes for ${name}`);
  }
  const joined = parts.length > 1 ? [parts.length * first[0], ...first.slice(1)] : first;
  return transpose ? joined.toReversed() : joined;
}

/** A configuration of which only the numbers of layers matter, to list names. */
function anyConfig(visionLayers: number, textLayers: number): ClipConfig {
  const tower = { width: 1, heads: 1, mlp: 1 };
  return {
    embed: 1,
    vision: { ...tower, layers: visionLayers, patch: 1, nativeSize: 1 },
    text: { ...tower, layers: textLayers, context: 1, vocab: 1 },
    act: 'quickgelu',
    eot: 'argmax',
  };
}
