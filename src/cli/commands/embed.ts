import { FusionclipError } from '../../base/errors.ts';
import { choice, integer, list, type OptionTable, optional, text, toggle } from '../../base/option.ts';
import { joinPath } from '../../base/paths.ts';
import { pixelStatistics, preprocess, TextTower, VisionTower, type WeightStorage } from '../../clip/index.ts';
import { findInputs } from '../../data/layout/inputs.ts';
import { leftOutLine } from '../../data/layout/left_out.ts';
import { DATA_OPTIONS } from '../../data/layout/rules.ts';
import { readAlone } from '../../data/range/read.ts';
import type { RangeSetting } from '../../data/range/rule.ts';
import { encodeNpy } from '../../data/raw_map.ts';
import { type Backbone, openBackbone } from '../../detect/backbone.ts';
import { wholeSentence } from '../../fusion/prompts.ts';
import { GpuArray } from '../../gpu/array.ts';
import { l2Normalize, Tensor } from '../../nn/index.ts';
import { onDevice } from '../../run/on_device.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import { type Command, flagValues, MODEL_HELP, NAME_MODEL, need, word } from '../command.ts';
import { GPU_FLAGS, type Session, withGpu } from '../session.ts';

const FLAGS = {
  model: word('MODEL', MODEL_HELP),
  text: {
    ...list(text('', /\S/, 'TEXT', ''), [], 'sentences to embed, separated by commas'),
    form: 'TEXT,…',
  },
  size: { ...optional(integer(224, [14, 2048], ''), "side of the input; default: the model's own"), form: 'integer' },
  preprocess: choice(
    ['openai', 'huggingface', 'winclip', 'april'],
    'openai',
    "openai: shortest side and centre crop, as OpenAI's code; huggingface: as CLIPImageProcessor; others: squashed",
  ),
  act: choice(['auto', 'quickgelu', 'gelu'], 'auto', "activation; auto: the model's own"),
  weights: choice(['auto', 'f32', 'f16', 'bf16'], 'auto', 'storage on the GPU; auto: the smallest type that is exact'),
  range: {
    ...DATA_OPTIONS.range,
    help: 'which values of files are black and white; auto: all of their type, refused where they use less than a quarter of 16 bits',
  },
  normalise: toggle(true, 'embeddings of length 1'),
  batch: integer(8, [1, 4096], 'images that go through the model together'),
  out: word('DIR', 'folder for images.npy, texts.npy and index.json; default: JSON on standard output'),
} satisfies OptionTable;

/** How images come to the model's size, for whoever compares embeddings with those of another program. */
const PREPARED = {
  openai:
    "Images are prepared as OpenAI's code and open_clip do; --preprocess huggingface does it as transformers' CLIPImageProcessor.",
  huggingface:
    "Images are prepared as transformers' CLIPImageProcessor does; --preprocess openai does it as OpenAI's code and open_clip.",
  winclip: 'Images are squashed to a square, as the methods of this program and WinCLIP do.',
  april: 'Images are squashed to a square before they become RGB, as APRIL-GAN does.',
} as const;

/** What the towers said. */
interface Embeddings {
  readonly width: number;
  /** [images, width] */
  readonly images: Float32Array;
  /** [texts, width] */
  readonly texts: Float32Array;
}

/** `fusionclip embed` */
export const embed: Command = {
  name: ['embed'],
  summary: "CLIP's embeddings of images and sentences",
  usage: 'PATH… --model PATH [--text TEXT,…]',
  examples: [
    'fusionclip embed scan.png --model tiny-clip --text brain,liver',
    'fusionclip embed scans --model openai/clip-vit-large-patch14 --out vectors',
  ],
  details: 'With images and sentences the JSON also has the cosine of each pair.',
  flags: [{ title: 'Embedding', table: { ...FLAGS, ...GPU_FLAGS } }],
  async run(call) {
    const { host } = call;
    const values = flagValues(FLAGS, call);
    const model = need(values.model, 'model', NAME_MODEL);
    if (call.positional.length + values.text.length === 0) {
      throw new FusionclipError('usage', 'There is nothing to embed: give images, or sentences with --text.');
    }
    if (values.out !== null) await requireNoRun(host, values.out);
    const found = call.positional.length > 0 ? await findInputs(host, call.positional) : { images: [], leftOut: [] };
    const paths = found.images;
    const backbone = await openBackbone(host, model);
    const embeddings = await withGpu(call, (opened) => {
      for (const one of found.leftOut) opened.reporter.say(`fusionclip: left out: ${leftOutLine(one)}`);
      if (backbone.note) opened.reporter.say(`fusionclip: ${backbone.note}`);
      if (paths.length > 0) opened.reporter.say(`fusionclip: ${PREPARED[values.preprocess]}`);
      return onDevice(opened, async (session) => {
        const images = await imageEmbeddings(session, backbone, paths, values);
        const texts = await textEmbeddings(session, backbone, values);
        return { width: backbone.weights.config.embed, images, texts };
      });
    });
    const index = { model, width: embeddings.width, normalised: values.normalise, images: paths, texts: values.text };
    if (values.out === null) {
      host.stdout(`${JSON.stringify({ ...index, ...asJson(embeddings, paths, values.text, values.normalise) })}\n`);
      return 0;
    }
    const write = (name: string, data: Float32Array, count: number) =>
      host.writeFile(joinPath(values.out!, name), encodeNpy(data, [count, embeddings.width]));
    if (paths.length > 0) await write('images.npy', embeddings.images, paths.length);
    if (values.text.length > 0) await write('texts.npy', embeddings.texts, values.text.length);
    await host.writeFile(joinPath(values.out, 'index.json'), `${JSON.stringify(index, null, 2)}\n`);
    return 0;
  },
};

interface EmbedValues {
  readonly text: readonly string[];
  readonly size: number | null;
  readonly preprocess: 'openai' | 'huggingface' | 'winclip' | 'april';
  readonly act: 'auto' | 'quickgelu' | 'gelu';
  readonly weights: WeightStorage;
  readonly range: RangeSetting;
  readonly normalise: boolean;
  readonly batch: number;
}

async function imageEmbeddings(
  { fs, gpu, signal, onEvent }: Session,
  { weights }: Backbone,
  paths: readonly string[],
  { size: wanted, preprocess: variant, act, weights: storage, range, normalise, batch }: EmbedValues,
): Promise<Float32Array> {
  if (paths.length === 0) return new Float32Array();
  const size = wanted ?? weights.config.vision.nativeSize;
  const tower = await VisionTower.load(gpu, weights, { size, act: act === 'auto' ? undefined : act, storage });
  onEvent?.({ type: 'note', text: `images, ${tower.storage}` });
  const rows: number[] = [];
  try {
    for (let start = 0; start < paths.length; start += batch) {
      signal.throwIfAborted();
      const part = paths.slice(start, start + batch);
      const input = new Float32Array(part.length * 3 * size * size);
      for (const [i, path] of part.entries()) {
        const image = readAlone(await fs.readFile(path), path, range);
        input.set(preprocess(image, variant, size, pixelStatistics(weights.config)), i * 3 * size * size);
      }
      using job = gpu.job();
      const embeddings = job.do(() => {
        const images = new Tensor(GpuArray.from(gpu, input, [part.length, 3, size, size]));
        return finish(tower.encode(images, { embedding: true }).embedding!, normalise);
      });
      rows.push(...(await embeddings));
      onEvent?.({ type: 'stage', what: 'images', done: start + part.length, total: paths.length });
    }
  } finally {
    tower.release();
  }
  return Float32Array.from(rows);
}

async function textEmbeddings(
  { gpu, onEvent }: Session,
  { weights, tokenizer }: Backbone,
  { text: sentences, act, weights: storage, normalise }: EmbedValues,
): Promise<Float32Array> {
  if (sentences.length === 0) return new Float32Array();
  const tower = await TextTower.load(gpu, weights, { act: act === 'auto' ? undefined : act, storage });
  onEvent?.({ type: 'note', text: `texts, ${tower.storage}` });
  try {
    using job = gpu.job();
    const ids = sentences.map((sentence) => wholeSentence(tokenizer, sentence, tokenizer.context, 'use fewer words'));
    const rows = await job.do(() => tower.encodeSentences(ids));
    return await job.do(() => finish(new Tensor(rows), normalise));
  } finally {
    tower.release();
  }
}

function finish(rows: Tensor, normalise: boolean): Promise<Float32Array> {
  return (normalise ? l2Normalize(rows) : rows).read();
}

function asJson(
  { width, images, texts }: Embeddings,
  paths: readonly string[],
  sentences: readonly string[],
  unit: boolean,
) {
  const row = (data: Float32Array, i: number) => Array.from(data.subarray(i * width, (i + 1) * width));
  const vectors = {
    imageEmbeddings: paths.map((_, i) => row(images, i)),
    textEmbeddings: sentences.map((_, i) => row(texts, i)),
  };
  if (!unit || paths.length === 0 || sentences.length === 0) return vectors;
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * b[i], 0);
  return { ...vectors, cosines: vectors.imageEmbeddings.map((a) => vectors.textEmbeddings.map((b) => dot(a, b))) };
}
