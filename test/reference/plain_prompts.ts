/** Learnable prompts as the paper writes them: every sentence padded to the whole context, every row computed. */
import { promptSentences, type TextTower } from '../../src/clip/index.ts';
import { endPosition } from '../../src/clip/text.ts';
import { CLASSES, type PromptContext } from '../../src/fusion/prompts.ts';
import { uploadIndex } from '../../src/kernels/row_index.ts';
import {
  type Affine,
  add,
  concatenate,
  gatherRows,
  l2Normalize,
  layerNorm,
  matmul,
  meanGroups,
  type Parameter,
  reshape,
  Tensor,
  transformerBlock,
} from '../../src/nn/index.ts';
import { insertRows } from './insert_rows.ts';

/**
 * What `learnablePrompts` computes with its default options, from its parameters [n_ctx, W], one for each path and class. Its
 * inputs belong to the current scope.
 * @returns features [2·paths, E], differentiable by the parameters
 */
export async function plainPrompts(context: PromptContext, parameters: readonly Parameter[]): Promise<() => Tensor> {
  const { gpu, text, tokenizer, object, paths } = context;
  const { config } = text;
  const [count, width] = parameters[0].shape;
  const sentences = promptSentences(object);
  const groups = paths.flatMap(() => CLASSES.map((name) => sentences[name]));
  const all = groups.flat();
  const tokens = all.map((sentence) => tokenizer.sentence(sentence));
  const padded = tokens.map((ids) => Array.from({ length: config.text.context - count }, (_, i) => ids[i] ?? 0));
  const rows = new Tensor(await text.embed(padded));
  const at = all.map((sentence) => tokenizer.splitAtObject(sentence, object));
  const set = groups.flatMap((group, g) => group.map(() => g));
  const ends = tokens.map((ids, s) => s * config.text.context + endPosition(ids, config.eot) + count);
  const starts = [0];
  for (const group of groups) starts.push(starts[starts.length - 1] + group.length);
  return () => {
    const vectors = reshape(concatenate(parameters), [parameters.length, count, width]);
    const x = insertRows(rows, vectors, at, set);
    const encoded = encodeAllRows(text, x);
    const last = gatherRows(reshape(encoded, [encoded.value.rows, width]), uploadIndex(gpu, ends));
    const { weight, bias } = affine(text, 'ln_final');
    const embeddings = matmul(layerNorm(last, weight, bias), text.parameters.get('text_projection')!);
    return l2Normalize(meanGroups(l2Normalize(embeddings), uploadIndex(gpu, starts)));
  };
}

/** All blocks on all rows: [S, L, W] → [S, L, W]. */
function encodeAllRows(text: TextTower, rows: Tensor): Tensor {
  const { heads, layers } = text.config.text;
  let x = add(rows, text.parameters.get('positional_embedding')!);
  for (let i = 0; i < layers; i++) {
    const of = (name: string): Affine => affine(text, `transformer.resblocks.${i}.${name}`);
    const qkv = {
      weight: text.parameters.get(`transformer.resblocks.${i}.attn.in_proj_weight`)!,
      bias: text.parameters.get(`transformer.resblocks.${i}.attn.in_proj_bias`)!,
    };
    const block = {
      ...{ ln_1: of('ln_1'), qkv, out: of('attn.out_proj'), ln_2: of('ln_2') },
      ...{ fc: of('mlp.c_fc'), proj: of('mlp.c_proj') },
    };
    x = transformerBlock(x, block, { heads, act: text.act, causal: true });
  }
  return x;
}

function affine(text: TextTower, name: string): Affine {
  return { weight: text.parameters.get(`${name}.weight`)!, bias: text.parameters.get(`${name}.bias`)! };
}
