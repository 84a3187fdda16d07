import {
  type Activation,
  GeneratedClipModel,
  presetConfig,
  TextTower,
  Tokenizer,
  VisionTower,
} from '../../../src/clip/index.ts';
import { AUGMENTATIONS, warp } from '../../../src/data/augment.ts';
import {
  type BranchScores,
  ensembleFeatures,
  ensembleMeans,
  type FusedScores,
  type FusionOptions,
  fuseScores,
  fusionOptions,
  imageMeans,
  type Method,
  type MethodParts,
  type Mvfa,
  methodKind,
  rangesOf,
  type Targets,
  WINCLIP_ENSEMBLE,
  type WinClip,
  type WinClipPlusScorer,
} from '../../../src/fusion/index.ts';
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { fill } from '../../../src/kernels/elementwise.ts';
import { Adam, Tape } from '../../../src/nn/index.ts';
import { encodingOnce } from '../../fusion/encoding_once.ts';
import { pictures, SUPPORT, TEST } from '../pictures.ts';
import { type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';

interface BaselineFacts {
  seed: number;
  tensors: Parameters<typeof tensorCase>[2];
}

/** Side of the images of the golden results. */
const SIZE = 56;

/** How the towers were run: as the weights are meant, and as the published programs ran them. */
const MODES = {
  product: { act: 'quickgelu', norm: 'clip' },
  parity: { act: 'gelu', norm: 'none' },
} as const;

/**
 * What the reference records and no score or step depends on: MVFA's image embedding, and on image-level sets the seg
 * heads' gradients, since they are not trained there, and their loss, which is 0.
 */
const UNUSED = /mvfa\.step0\.embedding$|mvfa\.det\.step0\.(grad\.mvfa\.seg\.|seg_loss$)/;

/** The model T with the pictures of the golden results. */
class Bench {
  readonly #gpu: Gpu;
  readonly #seed: number;
  readonly #norm: 'clip' | 'none';
  readonly parts: Omit<MethodParts, 'options' | 'kind'>;

  private constructor(gpu: Gpu, seed: number, norm: 'clip' | 'none', parts: Bench['parts']) {
    this.#gpu = gpu;
    this.#seed = seed;
    this.#norm = norm;
    this.parts = parts;
  }

  static async open(gpu: Gpu, seed: number, act: Activation, norm: 'clip' | 'none'): Promise<Bench> {
    const weights = new GeneratedClipModel({ ...presetConfig('T'), act }, seed);
    const vision = await VisionTower.load(gpu, weights, { size: SIZE });
    const text = encodingOnce(gpu, await TextTower.load(gpu, weights));
    const tokenizer = await Tokenizer.openai();
    return new Bench(gpu, seed, norm, { gpu, vision, text, tokenizer, object: 'Brain', seed });
  }

  /** Preprocessed pictures with masks and labels. */
  pictures(list: readonly [string, number][]) {
    return pictures(list, this.#seed, SIZE, this.#norm === 'clip' ? 'winclip' : 'mvfa');
  }

  upload(list: readonly [string, number][]): GpuArray {
    return GpuArray.from(this.#gpu, this.pictures(list).images, [list.length, 3, SIZE, SIZE]);
  }

  /** The eleven views of each of the four normal support pictures. */
  normalViews(): GpuArray[] {
    return SUPPORT.slice(0, 4).map((one) => {
      const { images } = this.pictures([one]);
      const views = AUGMENTATIONS.map((view) => warp(images, SIZE, view));
      return GpuArray.from(this.#gpu, Float32Array.from(views.flatMap((view) => [...view])), [
        views.length,
        3,
        SIZE,
        SIZE,
      ]);
    });
  }

  /** A method with some settings; its seed is that of the golden results. */
  method(name: string, settings: Record<string, string> = {}, kind: 'pixel' | 'image' = 'pixel'): Promise<Method> {
    return methodKind(name).create({ ...this.parts, options: optionsOf(name, settings), kind });
  }

  release(): void {
    this.parts.vision.release();
    this.parts.text.release();
  }
}

function optionsOf(name: string, settings: Record<string, string>): FusionOptions {
  return fusionOptions({ method: name, size: String(SIZE), ...settings });
}

/** Compares a tensor of this engine with the golden one of the same name. */
type Check = (name: string, values: Float32Array) => GoldenCase;

/** Names of the tensors that belong together, by topic. */
const TOPICS: Readonly<Record<string, RegExp>> = {
  clip: /^(product|parity)\/(text$|clip\.)/,
  april: /\/april\./,
  'mvfa.seg': /\/mvfa\.(seg|step0)\./,
  'mvfa.det': /\/mvfa\.det\./,
  winclip: /^winclip\//,
};

/** The comparison methods on the model T, all of them or those of one topic. */
export async function* baselineCases(read: ReadGolden, gpu: Gpu, only?: string): AsyncGenerator<GoldenCase> {
  const wanted = (topic: string) => only === undefined || only === topic;
  const { seed, tensors } = await readFacts<BaselineFacts>(read, 'baselines_T');
  const expected = await readTensors(read, 'baselines_T');
  const compared = new Set<string>();
  const check: Check = (name, values) => {
    compared.add(name);
    return tensorCase(name, values, tensors, expected);
  };
  for (const [mode, { act, norm }] of Object.entries(MODES)) {
    const bench = await Bench.open(gpu, seed, act, norm);
    try {
      const own: Check = (name, values) => check(`${mode}/${name}`, values);
      if (wanted('clip')) yield* clipCases(gpu, bench, own);
      if (wanted('april')) yield* aprilCases(gpu, bench, own);
      if (wanted('mvfa.seg')) yield* mvfaCases(gpu, bench, own, 'pixel');
      if (wanted('mvfa.det')) yield* mvfaCases(gpu, bench, own, 'image');
    } finally {
      bench.release();
    }
  }
  if (wanted('winclip')) yield* winclipCases(gpu, seed, Object.keys(tensors), check);
  for (const name of Object.keys(tensors)) {
    const topic = Object.keys(TOPICS).find((one) => TOPICS[one].test(name)) ?? '';
    if (wanted(topic) && !compared.has(name) && !UNUSED.test(name))
      yield { name: `${name} (not computed)`, ratio: Number.POSITIVE_INFINITY };
  }
}

/** clip-text, clip-memory and clip-both. */
async function* clipCases(gpu: Gpu, bench: Bench, check: Check): AsyncGenerator<GoldenCase> {
  {
    using _scope = gpu.scope();
    yield check('text', await (await ensembleFeatures(bench.parts)).read());
  }
  const text = await scored(gpu, bench, 'clip-text');
  yield check('clip.text.score', text.fused.score);
  yield check('clip.text.map', text.fused.map);
  const memory = await scored(gpu, bench, 'clip-memory');
  yield check('clip.memory.map', memory.fused.map);
  yield check('clip.memory.score_max', memory.fused.scoreMax);
  yield check('clip.memory.score_mean', imageMeans(memory.fused.map, TEST.length));
  const both = await scored(gpu, bench, 'clip-both');
  yield check('clip.both.map', both.fused.map);
  yield check('clip.both.score', both.fused.score);
}

/** APRIL-GAN: the first step, ten steps, and what is scored before and after them. */
async function* aprilCases(gpu: Gpu, bench: Bench, check: Check): AsyncGenerator<GoldenCase> {
  const settings = { 'score.cls': 'april' };
  const options = optionsOf('april-gan', settings);
  const method = await bench.method('april-gan', settings);
  try {
    const predict = async function* (when: string): AsyncGenerator<GoldenCase> {
      using _scope = gpu.scope();
      const scorer = method.fit([method.encode(bench.upload(SUPPORT.slice(0, 4)))]);
      const scores = await scorer.score(method.encode(bench.upload(TEST)));
      scorer.release();
      const fused = fuseScores(scores, null, options, 'pixel');
      yield check(`april.${when}.zero_map`, scores.zeroMap);
      yield check(`april.${when}.few_map`, scores.fewMap);
      yield check(`april.${when}.map`, fused.map);
      yield check(`april.${when}.text_score`, Float32Array.from(scores.clsScore!));
      yield check(`april.${when}.score`, fused.score);
    };
    yield* predict('step0');
    const { losses, gradients } = await trained(gpu, bench, method, 'pixel', FULL_BATCHES);
    yield check('april.step0.loss', losses.slice(0, 1));
    for (const [name, gradient] of gradients) yield check(`april.step0.grad.${name}`, gradient);
    yield check('april.losses', losses);
    yield* predict('final');
  } finally {
    method.release();
  }
}

/** MVFA on sets with masks or on image-level sets, with the bank and the fusion of its code. */
async function* mvfaCases(gpu: Gpu, bench: Bench, check: Check, kind: 'pixel' | 'image'): AsyncGenerator<GoldenCase> {
  const settings = { 'loss.det': 'mvfa', fuse: 'mvfa', 'memory.cls': 'true' };
  const options = optionsOf('mvfa', settings);
  const tag = kind === 'pixel' ? 'mvfa.seg' : 'mvfa.det';
  const method = (await bench.method('mvfa', settings, kind)) as Mvfa;
  const again = await bench.method('mvfa', settings, kind);
  try {
    const predict = async function* (when: string): AsyncGenerator<GoldenCase> {
      using _scope = gpu.scope();
      const scorer = method.fit(bench.normalViews().map((images) => method.encode(images)));
      const scores = await scorer.score(method.encode(bench.upload(TEST)));
      scorer.release();
      const fused = fuseScores(scores, rangesOf(scores), options, kind);
      yield check(`${tag}.${when}.few_map`, scores.fewMap);
      yield check(`${tag}.${when}.score`, fused.score);
      if (kind === 'pixel') {
        yield check(`${tag}.${when}.zero_map`, scores.zeroMap);
        yield check(`${tag}.${when}.map`, fused.map);
      } else {
        yield check(`${tag}.${when}.zero_score`, Float32Array.from(scores.zeroMean));
        yield check(`${tag}.${when}.few_score`, Float32Array.from(scores.fewMean));
      }
    };
    if (kind === 'pixel') yield* mvfaFeatures(gpu, bench, method, check);
    yield* predict('step0');
    const { losses, parts, gradients } = await trained(gpu, bench, method, kind, FULL_BATCHES);
    const sum = (of: (name: string) => boolean) =>
      Float32Array.of([...parts].reduce((total, [name, value]) => (of(name) ? total + value : total), 0));
    if (kind === 'pixel')
      yield check(
        `${tag}.step0.seg_loss`,
        sum((name) => !name.startsWith('bce')),
      );
    yield check(
      `${tag}.step0.det_loss`,
      sum((name) => name.startsWith('bce')),
    );
    for (const [name, gradient] of gradients) yield check(`${tag}.step0.grad.${name}`, gradient);
    yield check(`${tag}.losses`, losses);
    yield* predict('final');
    yield check(`${tag}.batch1.losses`, (await trained(gpu, bench, again, kind, SINGLE_IMAGES)).losses);
  } finally {
    method.release();
    again.release();
  }
}

/** Adapted tokens of every head and layer, class token first. */
async function* mvfaFeatures(gpu: Gpu, bench: Bench, method: Mvfa, check: Check): AsyncGenerator<GoldenCase> {
  using _scope = gpu.scope();
  for (const [layer, { cls, patches }] of method.encode(bench.upload(TEST)).features) {
    for (const branch of ['seg', 'det'] as const) {
      const first = await method.adapt(cls, { branch, layer }).read();
      const rest = await method.adapt(patches, { branch, layer }).read();
      const images = TEST.map((_, b) => {
        const part = (values: Float32Array) =>
          values.subarray((b * values.length) / TEST.length, ((b + 1) * values.length) / TEST.length);
        return [...part(first), ...part(rest)];
      });
      yield check(`mvfa.step0.${branch}.${layer}`, Float32Array.from(images.flat()));
    }
  }
}

/** Support pictures of each step; the last entry is only judged. */
const FULL_BATCHES = Array.from({ length: 11 }, () => SUPPORT);
const SINGLE_IMAGES = [...SUPPORT.map((one) => [one]), []];

/** What training left beside the weights. */
interface Trained {
  /** Before each step, and after the last one where there is something to judge. */
  readonly losses: Float32Array;
  /** Of the first step, by name. */
  readonly parts: ReadonlyMap<string, number>;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

/** Adam steps on some pictures each. */
async function trained(
  gpu: Gpu,
  bench: Bench,
  method: Method,
  kind: 'pixel' | 'image',
  batches: readonly (readonly [string, number][])[],
): Promise<Trained> {
  const adam = new Adam([{ parameters: method.parameters, lr: 1e-3, betas: [0.5, 0.999] }]);
  const losses: number[] = [];
  const parts = new Map<string, number>();
  const gradients = new Map<string, Float32Array>();
  try {
    for (const [step, batch] of batches.entries()) {
      if (batch.length === 0) continue;
      using _scope = gpu.scope();
      const { labels, masks } = bench.pictures(batch);
      const targets: Targets = {
        label: GpuArray.from(gpu, labels, [batch.length]),
        mask: kind === 'pixel' ? GpuArray.from(gpu, masks, [batch.length, SIZE, SIZE]) : null,
      };
      const tape = new Tape();
      const { total, names, values } = tape.record(() => method.loss(method.encode(bench.upload(batch)), targets));
      losses.push((await total.read())[0]);
      const read = await values.read();
      if (step === 0) for (const [i, name] of names.entries()) parts.set(name, read[i]);
      if (step === batches.length - 1) break;
      tape.backward(total, fill([1], 1, gpu));
      if (step === 0) {
        for (const { name, grad } of method.parameters) if (grad) gradients.set(name, await grad.read());
      }
      adam.step();
    }
  } finally {
    adam.release();
  }
  return { losses: Float32Array.from(losses), parts, gradients };
}

/** WinCLIP and WinCLIP+ in every variant that is recorded. */
async function* winclipCases(
  gpu: Gpu,
  seed: number,
  names: readonly string[],
  check: Check,
): AsyncGenerator<GoldenCase> {
  const variants = new Set(names.flatMap((name) => /^winclip\/[^/]+/.exec(name)?.[0] ?? []));
  const benches = new Map<string, Bench>();
  try {
    for (const variant of variants) {
      const field = (key: string) => new RegExp(`${key}=([^,]+)`).exec(variant)![1];
      const act = field('act') as Activation;
      const bench = benches.get(act) ?? (await Bench.open(gpu, seed, act, 'clip'));
      benches.set(act, bench);
      const settings = {
        temperature: String(1 / Number(field('temp'))),
        'winclip.fuse': field('fuse'),
        tokens: field('patch_ln') === 'true' ? 'ln_post' : 'raw',
      };
      using _scope = gpu.scope();
      yield check(`${variant}/text`, await (await ensembleMeans(bench.parts, WINCLIP_ENSEMBLE)).read());
      const zero = await scored(gpu, bench, 'winclip', { temperature: settings.temperature });
      yield check(`${variant}/zero.score`, zero.fused.score);
      yield check(`${variant}/zero.map`, zero.fused.map);
      const plus = await scored(gpu, bench, 'winclip+', settings);
      yield check(`${variant}/plus.map`, plus.fused.map);
      yield check(`${variant}/plus.score`, plus.fused.score);
      const method = (await bench.method('winclip+', settings)) as WinClip;
      const scorer = method.fit([method.encode(bench.upload(SUPPORT.slice(0, 4)))]) as WinClipPlusScorer;
      const test = method.encode(bench.upload(TEST));
      const text = await method.textScores(test);
      yield check(`${variant}/zero.grid`, text.grid);
      for (const [side, probability] of text.windows) yield check(`${variant}/window${side}.prob`, probability);
      yield check(`${variant}/few.grid`, await scorer.distances(test));
      scorer.release();
      method.release();
    }
  } finally {
    for (const bench of benches.values()) bench.release();
  }
}

/** The test pictures scored by a method that nothing trains, with the four normal support pictures in its bank. */
async function scored(
  gpu: Gpu,
  bench: Bench,
  name: string,
  settings: Record<string, string> = {},
): Promise<{ scores: BranchScores; fused: FusedScores }> {
  using _scope = gpu.scope();
  const method = await bench.method(name, settings);
  try {
    const scorer = method.fit(SUPPORT.slice(0, 4).map((one) => method.encode(bench.upload([one]))));
    const scores = await scorer.score(method.encode(bench.upload(TEST)));
    scorer.release();
    return { scores, fused: fuseScores(scores, null, optionsOf(name, settings), 'pixel') };
  } finally {
    method.release();
  }
}
