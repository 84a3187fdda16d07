import { ruleUniform } from '../../../src/base/rule.ts';
import {
  type Activation,
  type ClipWeights,
  GeneratedClipModel,
  presetConfig,
  TextTower,
  Tokenizer,
  VisionTower,
} from '../../../src/clip/index.ts';
import { rangesOf } from '../../../src/fusion/fuse.ts';
import {
  BranchScorer,
  extractFeatures,
  type Features,
  type FusedScores,
  type FusionLoss,
  FusionModel,
  fuseScores,
  fusionOptions,
  type Prediction,
  probabilityMap,
  type Targets,
} from '../../../src/fusion/index.ts';
import { GpuArray } from '../../../src/gpu/array.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { fill } from '../../../src/kernels/elementwise.ts';
import { Adam, type Parameter, Tape, type Tensor } from '../../../src/nn/index.ts';
import { type Pictures, pictures, SUPPORT, TEST } from '../pictures.ts';
import { type GoldenCase, type ReadGolden, readFacts, readTensors, tensorCase } from './golden.ts';

interface Variant {
  config: {
    size: number;
    layers: number[];
    branches: ('gal' | 'loc')[];
    n_ctx: number;
    obj: string;
    prompt: string;
    task: 'seg' | 'det';
    det: string;
    memory: string;
    fuse: string;
    score: string;
    align: boolean | string;
    norm: boolean;
    lr: number;
    act: Activation;
  };
}

interface FusionFacts {
  seed: number;
  variants: Record<string, Variant>;
  tensors: Parameters<typeof tensorCase>[2];
}

/** The variants of the golden results that a filter lets through. */
export async function fusionVariants(read: ReadGolden): Promise<string[]> {
  return Object.keys((await readFacts<FusionFacts>(read, 'fusion_T')).variants);
}

/** Runs with jittered weights, at the most, that measure the spread under rounding. */
const JITTERED_RUNS = 2;

/**
 * FusionCLIP-AD on the model T, all variants or the named one: adapter outputs, text features, logits, maps, losses,
 * every gradient, ten Adam steps, final weights, maps and scores.
 *
 * Training has kinks: a ReLU whose input is zero to the last bit decides a whole row of gradients by its rounding, in
 * any float32 program. The reference's spread knows of it only if its own float32 run fell on the other side. So when
 * something after the first step is off, the variant runs again with weights jittered by half a unit in the last place
 * (as the reference does), and this engine's own spread counts where it is larger. What precedes the first step, the
 * gradients above all, gets no such grace.
 */
export async function* fusionCases(read: ReadGolden, gpu: Gpu, only?: string): AsyncGenerator<GoldenCase> {
  const facts = await readFacts<FusionFacts>(read, 'fusion_T');
  const expected = await readTensors(read, 'fusion_T');
  for (const [variant, { config }] of Object.entries(facts.variants)) {
    if (only !== undefined && variant !== only) continue;
    const results = await resultsOf(gpu, facts.seed, config, 0);
    // Side variants store a part of what the main ones do.
    const keys = [...results.keys()].filter((key) => `${variant}/${key}` in facts.tensors);
    // Gradients of the reference's float32 run are no truth; all else that is stored has to be compared.
    const stored = Object.keys(facts.tensors).filter((name) => name.startsWith(`${variant}/`));
    const missed = stored.filter((name) => !results.has(name.slice(variant.length + 1)) && !name.includes('.grad32.'));
    for (const name of missed) yield { name: `${name} (not computed)`, ratio: Number.POSITIVE_INFINITY };
    const check = (key: string, spread = 0) =>
      tensorCase(`${variant}/${key}`, results.get(key)!, facts.tensors, expected, spread);
    const late = keys.filter((key) => !key.startsWith('step0.'));
    const others: Map<string, Float32Array>[] = [];
    const spread = (key: string) =>
      Math.max(0, ...others.map((other) => largestDifference(results.get(key)!, other.get(key)!)));
    while (others.length < JITTERED_RUNS && late.some((key) => check(key, spread(key)).ratio > 1)) {
      others.push(await resultsOf(gpu, facts.seed, config, others.length + 1));
    }
    for (const key of keys) {
      const plain = check(key);
      if (plain.ratio <= 1 || !late.includes(key)) yield plain;
      else yield { ...check(key, spread(key)), name: `${plain.name} (${plain.ratio.toFixed(1)} without own spread)` };
    }
  }
}

/** Everything that a variant records, by key; `jitter` 0 is the variant itself. */
async function resultsOf(
  gpu: Gpu,
  seed: number,
  config: Variant['config'],
  jitter: number,
): Promise<Map<string, Float32Array>> {
  const run = new VariantRun(gpu, seed, config, jitter);
  const out = new Map<string, Float32Array>();
  try {
    for await (const [key, values] of run.results()) out.set(key, values);
  } finally {
    run.release();
  }
  return out;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((largest, v, i) => Math.max(largest, Math.abs(v - b[i])), 0);
}

/** A model's weights times 1 + u/2²⁴, u uniform in ±1: another rounding of the same numbers. */
function jittered(weights: ClipWeights, seed: number, jitter: number): ClipWeights {
  if (jitter === 0) return weights;
  return {
    config: weights.config,
    readRows: (name, rows) => weights.readRows(name, rows),
    async read(name) {
      const values = await weights.read(name);
      const noise = ruleUniform(`jitter.${jitter}.${name}`, seed, values.length, 0, 2 ** -24);
      return values.map((v, i) => v * (1 + noise[i]));
    },
  };
}

/** Training and what it starts from; variants that differ in inference alone share it. */
interface Trained {
  /** `step0.…`, `losses` and `final.theta.…` by key. */
  readonly records: ReadonlyMap<string, Float32Array>;
  readonly thetas: ReadonlyMap<string, Float32Array<ArrayBuffer>>;
  /** Text features before and after training, [2·paths, E]. */
  readonly texts: readonly [Float32Array<ArrayBuffer>, Float32Array<ArrayBuffer>];
}

const trainedBy = new WeakMap<Gpu, Map<string, Trained>>();

/** Everything that the oracle records of one variant, computed by this engine. */
class VariantRun {
  readonly #gpu: Gpu;
  readonly #seed: number;
  readonly #config: Variant['config'];
  readonly #jitter: number;
  readonly #owned: { release(): void }[] = [];

  constructor(gpu: Gpu, seed: number, config: Variant['config'], jitter: number) {
    this.#jitter = jitter;
    this.#gpu = gpu;
    this.#seed = seed;
    this.#config = config;
  }

  async *results(): AsyncGenerator<[string, Float32Array]> {
    const gpu = this.#gpu;
    const c = this.#config;
    const kind = c.task === 'seg' ? 'pixel' : 'image';
    const options = fusionOptions({
      size: String(c.size),
      layers: c.layers.join(),
      branches: c.branches.join(),
      'prompt.nctx': String(c.n_ctx),
      'prompt.init': 'uniform',
      prompt: c.prompt,
      'loss.det': c.det,
      'memory.features': c.memory,
      fuse: c.fuse,
      'score.image': c.score,
      'map.align': String(c.align),
    });
    const generated = new GeneratedClipModel({ ...presetConfig('T'), act: c.act }, this.#seed);
    const weights = jittered(generated, this.#seed, this.#jitter);
    const vision = this.#own(await VisionTower.load(gpu, weights, { size: c.size }));
    const text = this.#own(await TextTower.load(gpu, weights));
    const tokenizer = await Tokenizer.openai();
    const parts = { gpu, vision, text, tokenizer, options, kind, object: c.obj, seed: this.#seed } as const;
    const model = this.#own(await FusionModel.create(parts));

    using _scope = gpu.scope();
    const variant = c.norm ? 'winclip' : 'mvfa';
    const support = pictures(SUPPORT, this.#seed, c.size, variant);
    const features = (p: Pictures) =>
      extractFeatures(vision, GpuArray.from(gpu, p.images, [p.count, 3, c.size, c.size]), {
        layers: model.layers,
        tokens: 'raw',
      }).features;
    const supportFeatures = features(support);
    const normals = features(pictures(SUPPORT.slice(0, 4), this.#seed, c.size, variant));
    const test = features(pictures(TEST, this.#seed, c.size, variant));
    const targets: Targets = {
      label: GpuArray.from(gpu, support.labels, [support.count]),
      mask: kind === 'pixel' ? GpuArray.from(gpu, support.masks, [support.count, c.size, c.size]) : null,
    };

    const { records, thetas, texts } = await this.#trained(model, supportFeatures, targets);
    yield* records;
    const before = await this.#predict(model, normals, test, kind, texts[0]);
    yield ['step0.predict.zero_map', before.prediction.zeroMap];
    yield ['step0.predict.few_map', before.prediction.fewMap];
    yield ['step0.predict.score', before.fused.score];
    for (const p of model.parameters) p.value.write(thetas.get(p.name)!);
    const { prediction, fused } = await this.#predict(model, normals, test, kind, texts[1]);
    yield ['final.zero_map', prediction.zeroMap];
    yield ['final.few_map', prediction.fewMap];
    yield ['final.map', fused.map];
    yield ['final.zero_grid', prediction.zeroGrid];
    yield ['final.few_grid', prediction.fewGrid];
    yield ['final.zero_mean', prediction.zeroMean];
    yield ['final.few_mean', prediction.fewMean];
    yield ['final.few_mean_pixels', pixelMeans(prediction.fewMap, TEST.length)];
    yield ['final.score_max', fused.scoreMax];
    yield ['final.score_mean', fused.scoreMean];
    yield ['final.score', fused.score];
  }

  /** Trains the model and leaves its weights as they were, or finds the records of a variant that trains in this way. */
  async #trained(model: FusionModel, features: Features, targets: Targets): Promise<Trained> {
    const { memory, fuse, score, ...training } = this.#config;
    const key = `${this.#seed} ${this.#jitter} ${JSON.stringify(training)}`;
    const known = trainedBy.get(this.#gpu) ?? new Map<string, Trained>();
    trainedBy.set(this.#gpu, known);
    let trained = known.get(key);
    if (!trained) {
      const start = new Map<Parameter, Float32Array<ArrayBuffer>>();
      for (const p of model.parameters) start.set(p, await p.read());
      trained = await this.#train(model, features, targets);
      for (const [p, values] of start) p.value.write(values);
      known.set(key, trained);
    }
    return trained;
  }

  /** Ten full-batch steps, with everything that the first one goes through. */
  async #train(model: FusionModel, features: Features, targets: Targets): Promise<Trained> {
    const adam = new Adam([{ parameters: model.parameters, lr: this.#config.lr, betas: [0.5, 0.999] }]);
    const records = new Map<string, Float32Array>();
    const losses: number[] = [];
    const texts: Float32Array<ArrayBuffer>[] = [];
    try {
      for (let step = 0; step <= 10; step++) {
        using _scope = this.#gpu.scope();
        const tape = new Tape();
        const { text, loss } = tape.record(() => {
          const t = model.textFeatures();
          return { text: t, loss: model.loss(features, targets, t) };
        });
        if (step % 10 === 0) texts.push(await text.read());
        if (step === 0) await this.#recordForward(records, model, features, text, loss);
        if (step < 10) tape.backward(loss.total, fill([1], 1, this.#gpu));
        if (step === 0) {
          for (const p of model.parameters) records.set(`step0.grad.${p.name}`, await p.grad!.read());
        }
        if (step < 10) adam.step();
        losses.push((await loss.total.read())[0]);
      }
    } finally {
      adam.release();
    }
    records.set('losses', Float32Array.from(losses));
    const thetas = new Map<string, Float32Array<ArrayBuffer>>();
    for (const p of model.parameters) {
      thetas.set(p.name, await p.read());
      records.set(`final.theta.${p.name}`, thetas.get(p.name)!);
    }
    return { records, thetas, texts: [texts[0], texts[1]] };
  }

  /** Adapter outputs, text features, logits, maps and losses of the first step. */
  async #recordForward(
    records: Map<string, Float32Array>,
    model: FusionModel,
    features: Features,
    text: Tensor,
    loss: FusionLoss,
  ): Promise<void> {
    const logits = model.logits(features, text);
    for (const [k, path] of model.paths.entries()) {
      const where = `${path.branch}.${path.layer}`;
      records.set(`step0.feature.${where}`, await model.adapt(features.get(path.layer)!, path).read());
      records.set(`step0.text.${where}`, await model.textOf(text, k).read());
      records.set(`step0.logits.${where}`, await logits[k].read());
      if (model.kind === 'pixel') {
        const prob = await probabilityMap(logits[k], model.options, model.geometry).read();
        records.set(
          `step0.prob.${where}`,
          Float32Array.from({ length: prob.length / 2 }, (_, i) => prob[2 * i + 1]),
        );
      }
    }
    records.set('step0.loss', await loss.total.read());
    const values = await loss.values.read();
    for (const [i, name] of loss.names.entries()) records.set(`step0.${name}`, values.slice(i, i + 1));
  }

  async #predict(
    model: FusionModel,
    normals: Features,
    test: Features,
    kind: 'pixel' | 'image',
    text: Float32Array<ArrayBuffer>,
  ): Promise<{ prediction: Prediction; fused: FusedScores }> {
    using _scope = this.#gpu.scope();
    const features = GpuArray.from(this.#gpu, text, [2 * model.paths.length, text.length / (2 * model.paths.length)]);
    const predictor = new BranchScorer(this.#gpu, model, null, features);
    try {
      predictor.remember({ features: normals });
      const prediction = await predictor.score({ features: test });
      const ranges = model.options.fuse === 'mvfa' ? rangesOf(prediction) : null;
      return { prediction, fused: fuseScores(prediction, ranges, model.options, kind) };
    } finally {
      predictor.release();
    }
  }

  #own<T extends { release(): void }>(thing: T): T {
    this.#owned.push(thing);
    return thing;
  }

  release(): void {
    for (const thing of this.#owned.reverse()) thing.release();
  }
}

function pixelMeans(maps: Float32Array, images: number): Float32Array {
  const pixels = maps.length / images;
  return Float32Array.from({ length: images }, (_, i) => {
    let sum = 0;
    for (const v of maps.subarray(i * pixels, (i + 1) * pixels)) sum += v;
    return sum / pixels;
  });
}
