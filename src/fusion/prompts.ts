import { FusionclipError } from '../base/errors.ts';
import { ruleStream } from '../base/rule.ts';
import { generateTensor } from '../clip/generate.ts';
import { promptSentences, type TextTower, type Tokenizer } from '../clip/index.ts';
import { chooseTemplates, STATES, type States, TEMPLATES } from '../clip/sentences.ts';
import { endPosition } from '../clip/text.ts';
import { GpuArray } from '../gpu/array.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { uploadIndex } from '../kernels/row_index.ts';
import { concatenate, gatherRows, l2Normalize, meanGroups, Parameter, reshape, Tensor } from '../nn/index.ts';
import { gaussianTensor } from './initial.ts';
import type { FusionOptions } from './options.ts';

/** The two classes, in the order of every pair of logits. */
export const CLASSES = ['normal', 'abnormal'] as const;

/** One adapter's place: branch and 1-based layer. */
export interface Path {
  readonly branch: 'gal' | 'loc';
  readonly layer: number;
}

/** Text features for every path and class; rows `2k` and `2k + 1` are normal and abnormal of path k. */
export interface PromptBank {
  /** Trainable vectors; none for a fixed prompt. */
  readonly parameters: readonly Parameter[];
  /** [2·paths, E], rows normalised; differentiable with respect to `parameters`. */
  features(): Tensor;
  /** Frees the memory of the GPU. */
  release(): void;
}

/** What fixed sentences are encoded with. */
export interface EnsembleContext {
  readonly gpu: Gpu;
  readonly text: TextTower;
  readonly tokenizer: Tokenizer;
  /** What the images show, e.g. `Brain`. */
  readonly object: string;
  /** Features of ensembles that were computed on the same text tower, which more are added to. */
  readonly ensembles?: KnownEnsembles | null;
  /** Ends the encoding. */
  readonly signal?: AbortSignal;
}

/** Features [2, E] of ensembles, on the host, by what they were computed of. */
export type KnownEnsembles = Map<string, Float32Array<ArrayBuffer>>;

/** What the prompts are built from. */
export interface PromptContext extends EnsembleContext {
  readonly paths: readonly Path[];
  readonly seed: number;
}

/** Sentences of an ensemble, and how their embeddings become one. */
export interface Ensemble {
  readonly templates: readonly string[];
  readonly states: States;
  /** Whether each embedding is normalised before the mean. */
  readonly normalised: boolean;
}

/** The 420 sentences of APRIL-GAN and MVFA. */
const APRIL_GAN: Ensemble = { templates: TEMPLATES, states: STATES, normalised: true };

/**
 * T = norm(mean_s norm(Enc(sentence_s))) of the 420-sentence ensemble, one for all layers and branches.
 * @returns [2, E]
 */
export async function ensembleFeatures(context: EnsembleContext, ensemble: Ensemble = APRIL_GAN): Promise<GpuArray> {
  const { gpu, object, text, ensembles } = context;
  const key = JSON.stringify([object, ensemble]);
  const known = ensembles?.get(key);
  if (known) return GpuArray.from(gpu, known, [CLASSES.length, text.config.embed]);
  using job = gpu.job();
  const means = await job.do(() => ensembleMeans(context, ensemble));
  const features = job.do(() => l2Normalize(new Tensor(means)).value);
  ensembles?.set(key, await features.read());
  job.pass(features.buffer);
  return features;
}

/** {@link ensembleFeatures} before the last normalisation. */
export async function ensembleMeans(context: EnsembleContext, ensemble: Ensemble): Promise<GpuArray> {
  const { gpu, text, tokenizer, object, signal } = context;
  using job = gpu.job();
  const sentences = promptSentences(object, ensemble.templates, ensemble.states);
  const ids = CLASSES.map((c) => sentences[c].map((s) => wholeSentence(tokenizer, s, text.config.text.context)));
  const embeddings = new Tensor(await job.do(() => text.encodeSentences(ids.flat(), undefined, signal)));
  const means = job.do(() => {
    const starts = uploadIndex(gpu, Uint32Array.of(0, ids[0].length, ids[0].length + ids[1].length));
    return meanGroups(ensemble.normalised ? l2Normalize(embeddings) : embeddings, starts).value;
  });
  job.pass(means.buffer);
  return means;
}

/** The fixed ensemble repeated for every path. */
export async function fixedPrompts(context: PromptContext): Promise<PromptBank> {
  const { gpu, paths } = context;
  using job = gpu.job();
  const pair = new Tensor(await job.do(() => ensembleFeatures(context)));
  const all = job.do(() => concatenate(paths.map(() => pair)).value.keep());
  return { parameters: [], features: () => new Tensor(all), release: () => all.release() };
}

/** One sentence with a place for learnable vectors. */
interface Slot {
  readonly ids: readonly number[];
  /** Index of the token before which the vectors go. */
  readonly at: number;
}

/**
 * T_{b,y}^l = norm(mean_s norm(Enc(prefix_s ; P_{b,y}^l ; suffix_s))): every layer, branch and (by default) class owns
 * its vectors P [n_ctx, W]; the sentences of all of them go through the text tower as one batch.
 */
export async function learnablePrompts(context: PromptContext, options: FusionOptions): Promise<PromptBank> {
  const { gpu, text, paths, seed } = context;
  const width = text.config.text.width;
  const count = options['prompt.nctx'];
  const classes = slots(context, options);
  const parameters: Parameter[] = [];
  const set: number[] = [];
  let sets = 0;
  for (const { branch, layer } of paths) {
    CLASSES.forEach((className, y) => {
      const sentences = classes[y].length;
      const share = options['prompt.share'];
      if (share === 'branch' && y === 1) {
        set.push(...classes[y].map(() => sets - 1));
        return;
      }
      const name = `prompt.${branch}.${layer}${share === 'branch' ? '' : `.${className}`}`;
      const own = share === 'sentence' ? sentences : 1;
      const shape = share === 'sentence' ? [sentences, count, width] : [count, width];
      parameters.push(
        new Parameter(
          name,
          GpuArray.made(gpu, () => initialVectors(name, shape), shape),
        ),
      );
      set.push(...classes[y].map((_, s) => sets + (share === 'sentence' ? s : 0)));
      sets += own;
    });
  }
  if (options['prompt.init'].startsWith('words:')) {
    await writeWords(context, options['prompt.init'].slice('words:'.length), count, parameters);
  }

  const all = paths.flatMap(() => classes.flat());
  const ends = all.map(({ ids }) => endPosition(ids, text.config.eot) + 1);
  // Only the vectors and what follows them to the end of text are computed in a step.
  const suffixes = all.map(({ ids, at }, k) => ids.slice(at, ends[k]));
  const tokens = [...new Set(suffixes.flat())];
  using job = gpu.job();
  const table = (await job.do(() => text.embed([tokens]))).reshape([tokens.length, width]).keep();
  const prefix = await text.prefix(
    all.map(({ ids, at }, k) => ({ prefix: ids.slice(0, at), rest: count + suffixes[k].length })),
    context.signal,
  );
  const keep = (numbers: readonly number[]) => {
    const index = uploadIndex(gpu, numbers);
    index.device.keep();
    return index;
  };
  const order = keep(
    suffixes.flatMap((suffix, k) => [
      ...Array.from({ length: count }, (_, i) => tokens.length + count * set[k] + i),
      ...suffix.map((id) => tokens.indexOf(id)),
    ]),
  );
  const boundaries = [0];
  for (let k = 0; k < 2 * paths.length; k++) boundaries.push(boundaries[k] + classes[k % 2].length);
  const starts = keep(boundaries);

  return {
    parameters,
    features() {
      const vectors = parameters.map((p) => reshape(p, [p.value.size / width, width]));
      const rows = gatherRows(concatenate([new Tensor(table), ...vectors]), order);
      return l2Normalize(meanGroups(l2Normalize(text.encodeAfter(prefix, rows)), starts));
    },
    release() {
      for (const p of parameters) p.release();
      for (const a of [table, order.device, starts.device]) a.release();
      prefix.release();
    },
  };

  function initialVectors(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
    if (options['prompt.init'] === 'uniform') return generateTensor(name, shape, seed);
    return gaussianTensor(name, shape, seed, 0.02);
  }
}

/**
 * The ids of a sentence, all of them.
 * @param room ids that there is place for
 * @throws FusionclipError `usage` for a longer one: what is cut off would be what tells normal from abnormal
 */
export function wholeSentence(
  tokenizer: Pick<Tokenizer, 'encode' | 'sentence'>,
  sentence: string,
  room: number,
  advice = 'use fewer words (--prompt.object)',
): number[] {
  const length = tokenizer.encode(sentence).length + 2;
  if (length <= room) return tokenizer.sentence(sentence);
  throw new FusionclipError(
    'usage',
    `The prompt "${sentence}" has ${length} tokens, and the model has room for ${room}; ${advice}.`,
  );
}

/** Sentences of both classes with the insertion point. @throws FusionclipError `usage` for one that is too long */
function slots({ tokenizer, object, text, seed }: PromptContext, options: FusionOptions): Slot[][] {
  const templates = chooseTemplates(options['prompt.templates'], ruleStream('prompt.templates', seed));
  const sentences = promptSentences(object, templates);
  const most = text.config.text.context - options['prompt.nctx'];
  return CLASSES.map((className) =>
    sentences[className].map((sentence) => {
      const advice = 'use fewer words (--prompt.object) or fewer learnable vectors (--prompt.nctx)';
      const ids = wholeSentence(tokenizer, sentence, most, advice);
      const at = options['prompt.pos'] === 'object' ? tokenizer.splitAtObject(sentence, object) : 1;
      return { ids, at };
    }),
  );
}

/** Starts every set of vectors from the token embeddings of some words, repeated to fill `count` rows. */
async function writeWords(
  { tokenizer, text }: PromptContext,
  words: string,
  count: number,
  parameters: readonly Parameter[],
): Promise<void> {
  const ids = tokenizer.encode(words);
  if (ids.length === 0) throw new FusionclipError('usage', '--prompt.init words:TEXT has no words.');
  const filled = Array.from({ length: count }, (_, i) => ids[i % ids.length]);
  const width = text.config.text.width;
  using job = parameters[0].value.gpu.job();
  const values = await (await job.do(() => text.embed([filled]))).read();
  for (const p of parameters) {
    const repeated = new Float32Array(p.value.size);
    for (let i = 0; i < repeated.length; i += count * width) repeated.set(values, i);
    p.value.write(repeated);
  }
}
