import { assert } from 'chai';
import { ruleUniform } from '../../src/base/rule.ts';
import { GeneratedClipModel, presetConfig, TextTower, Tokenizer, VisionTower } from '../../src/clip/index.ts';
import { rangesOfAll } from '../../src/detect/scoring.ts';
import { type FusionOptions, fuseScores, fusionOptions, type Model, methodOf } from '../../src/fusion/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { fill } from '../../src/kernels/elementwise.ts';
import { Adam, Tape } from '../../src/nn/index.ts';
import { type Pictures, pictures } from '../golden/pictures.ts';
import { assertClose } from '../harness/close.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';

/** A row of readings.json: flags, and what the reference says of them. */
interface Row {
  readonly kind: 'pixel' | 'image';
  readonly given: Record<string, string>;
  readonly map: number[];
  readonly score: number[];
  /** Of rows that are trained. */
  readonly parts?: Record<string, number>;
  /** Length and projection of every gradient. */
  readonly gradients?: Record<string, [number, number]>;
  readonly losses?: number[];
  readonly spread: { map: number; score: number; parts: number; losses: number; gradients: Record<string, number> };
}

interface Readings {
  readonly seed: number;
  readonly size: number;
  readonly base: Record<string, string>;
  readonly rows: Row[];
}

/** Two normal and two abnormal pictures, and three to score. */
const SUPPORT: readonly [string, number][] = [
  ['support.normal.0', 0],
  ['support.normal.1', 0],
  ['support.abnormal.0', 1],
  ['support.abnormal.1', 2],
];
const TEST: readonly [string, number][] = [
  ['test.0', 0],
  ['test.3', 2],
  ['test.4', 1],
];

/** What readings.json has rows for, in its order; a row that is missing here would not be tested. */
const NAMES: readonly string[] = [
  'pixel',
  'image',
  'pixel, tokens ln_post',
  'pixel, residual mvfa',
  'image, residual mvfa, adapter.act leaky_relu',
  'pixel, adapter.bias true',
  'image, adapter.act leaky_relu',
  'image, adapter.act none',
  'pixel, loss.detOnSeg true',
  'pixel, loss.detOnSeg true, heads split, loss.alpha 0.5,2',
  'image, loss.alpha 0.5,2',
  'image, loss.region topk:5',
  'image, loss.region topk:5, loss.det mvfa',
  'image, loss.region topk:5, loss.det margin, temperature 10',
  'image, temperature 20',
  'pixel, loss.focal.gamma 1',
  'pixel, loss.focal.alpha 0.8',
  'pixel, loss.focal.smooth 0.05',
  'pixel, loss.dice.smooth 50',
  'pixel, map.order softmax',
  'image, prompt.nctx 2',
  'image, prompt.init normal',
  'image, prompt.init words:a medical scan',
  'image, prompt.pos start',
  'image, prompt.share branch',
  'image, prompt.share sentence',
  'image, prompt.object retinal OCT',
  'image, prompt.templates sample:2',
  'image, prompt.templates winclip, layers 3, branches loc',
  'image, prompt.templates all, layers 3, branches loc, prompt.nctx 1',
  'pixel, branch.weights 0.5,2',
  'pixel, map.blur 1.5',
  'pixel, memory.features adapted',
  'pixel, memory.features adapted, memory.cls true',
  'pixel, fuse mean',
  'pixel, fuse mvfa',
  'pixel, fuse calib',
  'image, fuse calib',
  'pixel, score.image mean',
  'image, score.image max',
  'pixel, score.image topk:100',
  'pixel, score.cls add',
  'pixel, score.cls equal',
  'pixel, score.cls equal, fuse mean, branch.weights 0.5,2',
  'pixel, score.cls equal, fuse calib',
  'pixel, score.cls april',
];

async function readingsOf(t: TestContext): Promise<Readings> {
  return JSON.parse(new TextDecoder().decode(await t.fixture('reference/readings.json')));
}

function nameOf({ kind, given }: Row): string {
  return [kind, ...Object.entries(given).map(([key, value]) => `${key} ${value}`)].join(', ');
}

/** A method with the flags of a row on the model T, and the pictures. */
class Reading {
  readonly #gpu: Gpu;
  readonly #row: Row;
  readonly #size: number;
  readonly #seed: number;
  readonly #options: FusionOptions;
  readonly #method: Model;
  readonly #towers: readonly { release(): void }[];

  private constructor(
    gpu: Gpu,
    row: Row,
    readings: Readings,
    options: FusionOptions,
    method: Model,
    towers: { release(): void }[],
  ) {
    this.#gpu = gpu;
    this.#row = row;
    this.#size = readings.size;
    this.#seed = readings.seed;
    this.#options = options;
    this.#method = method;
    this.#towers = towers;
  }

  static async open(gpu: Gpu, readings: Readings, row: Row): Promise<Reading> {
    const { seed, size, base } = readings;
    const { kind, given } = row;
    const options = fusionOptions({ size: String(size), ...base, ...given });
    const weights = new GeneratedClipModel(presetConfig('T'), seed);
    const vision = await VisionTower.load(gpu, weights, { size });
    const text = await TextTower.load(gpu, weights);
    const tokenizer = await Tokenizer.openai();
    const parts = { gpu, vision, text, tokenizer, options, kind, object: options['prompt.object'], seed };
    const object = given['prompt.object'] ?? 'Brain';
    const method = await methodOf(options.method).create({ ...parts, object });
    return new Reading(gpu, row, readings, options, method, [vision, text]);
  }

  #pictures(list: readonly [string, number][]): Pictures {
    return pictures(list, this.#seed, this.#size, 'winclip');
  }

  #encode(list: readonly [string, number][]) {
    const { images, count } = this.#pictures(list);
    return this.#method.encode(GpuArray.from(this.#gpu, images, [count, 3, this.#size, this.#size]));
  }

  /** Maps and scores of the untrained model. */
  async scores(): Promise<{ map: Float32Array; score: Float32Array }> {
    using _scope = this.#gpu.scope();
    const [one, two, ...abnormal] = SUPPORT;
    const scorer = this.#method.fit([this.#encode([one]), this.#encode([two])]);
    try {
      const scores = await scorer.score(this.#encode(TEST));
      const calibrated = this.#options.fuse === 'calib';
      const support = calibrated
        ? [
            await scorer.score(this.#encode([one]), 0),
            await scorer.score(this.#encode([two]), 1),
            await scorer.score(this.#encode(abnormal)),
          ]
        : [scores];
      const ranges = calibrated || this.#options.fuse === 'mvfa' ? rangesOfAll(support) : null;
      return fuseScores(scores, ranges, this.#options, this.#row.kind);
    } finally {
      scorer.release();
    }
  }

  /** Two Adam steps: the losses before each and after the last, with parts and gradients of the first. */
  async train(): Promise<Required<Pick<Row, 'parts' | 'gradients' | 'losses'>>> {
    const gpu = this.#gpu;
    const method = this.#method;
    const { labels, masks, count } = this.#pictures(SUPPORT);
    const adam = new Adam([{ parameters: method.parameters, lr: 1e-3, betas: [0.5, 0.999] }]);
    const losses: number[] = [];
    const parts: Record<string, number> = {};
    const gradients: Record<string, [number, number]> = {};
    try {
      for (let step = 0; step < 3; step++) {
        using _scope = gpu.scope();
        const targets = {
          label: GpuArray.from(gpu, labels, [count]),
          mask: this.#row.kind === 'pixel' ? GpuArray.from(gpu, masks, [count, this.#size, this.#size]) : null,
        };
        const tape = new Tape();
        const { total, names, values } = tape.record(() => method.loss(this.#encode(SUPPORT), targets));
        losses.push((await total.read())[0]);
        if (step === 2) break;
        const read = await values.read();
        if (step === 0) for (const [i, name] of names.entries()) parts[name] = read[i];
        tape.backward(total, fill([1], 1, gpu));
        for (const { name, grad } of step === 0 ? method.parameters : []) {
          gradients[name] = lengthAndProjection(await grad!.read(), name, this.#seed);
        }
        adam.step();
      }
    } finally {
      adam.release();
    }
    return { losses, parts, gradients };
  }

  release(): void {
    this.#method.release();
    for (const tower of this.#towers) tower.release();
  }
}

/** The length of a gradient, and its product with numbers that depend on its name. */
function lengthAndProjection(gradient: Float32Array, name: string, seed: number): [number, number] {
  const probe = ruleUniform(`probe.${name}`, seed, gradient.length, 0, 1);
  let [square, product] = [0, 0];
  gradient.forEach((g, i) => {
    square += g * g;
    product += g * probe[i];
  });
  return [Math.sqrt(square), product];
}

/** As for golden results: 16 times the reference's own spread. */
function bound(spread: number, values: readonly number[]): { absolute: number } {
  return { absolute: 16 * spread + 5e-6 * Math.max(...values.map(Math.abs)) };
}

suite('readings match the reference', () => {
  test('in every row that it records', async (t) => {
    assert.deepEqual((await readingsOf(t)).rows.map(nameOf), NAMES);
  });

  for (const [i, name] of NAMES.entries()) {
    const run = async (t: TestContext) => {
      const readings = await readingsOf(t);
      const row = readings.rows[i];
      const reading = await Reading.open(await t.gpu(), readings, row);
      try {
        const { map, score } = await reading.scores();
        const step = Math.floor(map.length / row.map.length);
        assertClose(
          row.map.map((_, k) => map[k * step]),
          row.map,
          bound(row.spread.map, row.map),
          'map',
        );
        assertClose(score, row.score, bound(row.spread.score, row.score), 'score');
        if (!row.parts) return;
        const { losses, parts, gradients } = await reading.train();
        assert.sameMembers(Object.keys(parts), Object.keys(row.parts));
        const values = Object.values(row.parts);
        assertClose(
          Object.keys(row.parts).map((key) => parts[key]),
          values,
          bound(row.spread.parts, values),
          'parts',
        );
        assertClose(losses, row.losses!, bound(row.spread.losses, row.losses!), 'losses');
        assert.sameMembers(Object.keys(gradients), Object.keys(row.gradients!));
        for (const [key, expected] of Object.entries(row.gradients!)) {
          assertClose(gradients[key], expected, bound(row.spread.gradients[key], expected), key);
        }
      } finally {
        reading.release();
      }
    };
    // In one runtime, for time: the golden rows hold the other compiler of shaders to the reference.
    test(name, run, ['deno']);
  }
});
