import type { Activation } from '../../../src/clip/index.ts';
import { type BranchScores, type FusedScores, fuseScores } from '../../../src/fusion/index.ts';
import { WINCLIP_ENSEMBLE, type WinClip } from '../../../src/fusion/methods/winclip.ts';
import type { WinClipPlusScorer } from '../../../src/fusion/methods/winclip_plus.ts';
import { imageMeans } from '../../../src/fusion/predict.ts';
import { ensembleFeatures, ensembleMeans } from '../../../src/fusion/prompts.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { SUPPORT, TEST } from '../pictures.ts';
import { Bench, type Check, FULL_BATCHES, optionsOf, trained } from './bench.ts';
import { type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';
import { mvfaCases } from './mvfa.ts';

interface BaselineFacts {
  seed: number;
  tensors: Parameters<typeof tensorCase>[2];
}

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

/** F = leaky(W_1 x) of MVFA's heads. */
const RECTIFIED = /\/mvfa\.step0\.(seg|det)\.\d+$/;

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
      // The error of the reference's own float32 run in what MVFA's heads rectify.
      const rectified = Object.keys(tensors).filter((name) => RECTIFIED.test(name) && name.startsWith(mode));
      const reach = Math.max(...rectified.map((name) => tensors[name].f32_max ?? 0));
      if (wanted('mvfa.seg')) yield* mvfaCases(gpu, bench, own, 'pixel', reach);
      if (wanted('mvfa.det')) yield* mvfaCases(gpu, bench, own, 'image', reach);
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
