import { assert } from 'chai';
import { ruleUniform } from '../../src/base/rule.ts';
import { promptSentences } from '../../src/clip/index.ts';
import { TEMPLATES } from '../../src/clip/sentences.ts';
import { arraysOf } from '../../src/fusion/features.ts';
import { fuseScores, fusionOptions } from '../../src/fusion/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { resize } from '../../src/lab/reference/maps.ts';
import { BertTower } from '../../src/medclip/bert.ts';
import { MedClip } from '../../src/medclip/method.ts';
import { generatedMedClip } from '../../src/medclip/model_file.ts';
import type { StageTower } from '../../src/medclip/stage_tower.ts';
import { loadMedClipVision } from '../../src/medclip/vision.ts';
import { encodingOnce } from '../fusion/encoding_once.ts';
import { suiteInTurn, test } from '../harness/registry.ts';

const SIZE = 44;

/** The small model of one tower. */
async function small(gpu: Gpu, kind: string) {
  const { weights, tokenizer } = generatedMedClip(`medclip-${kind}-mini`, 1)!;
  const vision = await loadMedClipVision(gpu, weights, { size: SIZE });
  const text = encodingOnce(gpu, await BertTower.load(gpu, weights));
  const create = (settings: Record<string, string> = {}) => {
    const options = fusionOptions({ method: 'medclip', size: String(SIZE), ...settings });
    return MedClip.create({ gpu, vision, text, tokenizer, weights, options, object: 'Brain' });
  };
  const release = () => {
    vision.release();
    text.release();
  };
  return { vision, text, tokenizer, create, release };
}

function pictures(gpu: Gpu, name: string, count: number): GpuArray {
  const shape = [count, 3, SIZE, SIZE];
  return GpuArray.from(gpu, ruleUniform(name, 1, shape, 0, 1.5), shape);
}

function rows(values: Float32Array, width: number): number[][] {
  return Array.from({ length: values.length / width }, (_, i) => [...values.subarray(i * width, (i + 1) * width)]);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0);
}

function unit(a: readonly number[]): number[] {
  const norm = Math.sqrt(dot(a, a));
  return a.map((x) => x / norm);
}

/** Σ over the last two stages of the upsampled cosine distance to the nearest cell of the bank, of one image. */
async function referenceMap(vision: StageTower, query: GpuArray, bank: GpuArray): Promise<Float64Array> {
  const map = new Float64Array(SIZE * SIZE);
  const normal = vision.encode(bank, [3, 4]).stages;
  for (const [stage, cells] of vision.encode(query, [3, 4]).stages) {
    const { side, width } = vision.grids[stage - 1];
    const known = rows(await normal.get(stage)!.read(), width).map(unit);
    const grid = rows(await cells.read(), width).map((cell) => {
      const own = unit(cell);
      return known.reduce((least, other) => Math.min(least, 1 - dot(own, other)), 2);
    });
    resize(grid, [1, side, side, 1], [SIZE, SIZE], true).forEach((value, i) => {
      map[i] += value;
    });
  }
  return map;
}

suiteInTurn('the method medclip', () => {
  for (const kind of ['swin', 'resnet']) {
    test(`${kind}: the map is the distance to the bank of stages, the score the probability of the text`, async (t) => {
      const gpu = await t.gpu();
      const model = await small(gpu, kind);
      const method = await model.create();
      try {
        using _scope = gpu.scope();
        const bank = pictures(gpu, 'normal', 2);
        const query = pictures(gpu, 'query', 1);
        const scorer = method.fit([method.encode(bank)]);
        const scores = await scorer.score(method.encode(query));
        scorer.release();
        const { map, score } = fuseScores(scores, null, method.options, 'pixel');
        const kept = [...arraysOf(method.encode(bank)).values()].reduce((sum, { size }) => sum + 4 * size, 0);
        assert.equal(kept, 2 * method.encodedBytes, 'what two images leave on the GPU');
        const expected = await referenceMap(model.vision, query, bank);
        for (const [i, value] of expected.entries()) assert.closeTo(map[i], value, 2e-5);

        const image = unit([...(await method.encode(query).embedding!.read())]);
        const width = image.length;
        const sentences = promptSentences('Brain', TEMPLATES);
        const cosines: number[] = [];
        const logits: number[] = [];
        for (const side of ['normal', 'abnormal'] as const) {
          const ids = sentences[side].map((sentence) => model.tokenizer.sentence(sentence));
          const embeddings = await (await model.text.encodeSentences(ids, model.tokenizer.pad)).read();
          const all = rows(embeddings, width).map(unit);
          const mean = all.reduce((sum, row) => sum.map((x, i) => x + row[i] / all.length), new Array(width).fill(0));
          logits.push(method.temperature * dot(image, unit(mean)));
          cosines.push(method.temperature * dot(image, mean));
        }
        const probability = ([normal, abnormal]: number[]) => 1 / (1 + Math.exp(normal - abnormal));
        assert.closeTo(method.temperature, 100, 1e-3);
        assert.closeTo(score[0], probability(logits), 1e-4);

        const code = await model.create({ compat: 'medclip' });
        const fitted = code.fit([code.encode(bank)]);
        const { ownScore } = await fitted.score(code.encode(query));
        fitted.release();
        code.release();
        assert.closeTo(ownScore![0], probability(cosines), 1e-4);
        assert.notEqual(ownScore![0], score[0]);
      } finally {
        method.release();
        model.release();
      }
    });
  }

  test('an image that is in the bank has no distance, unless it is left out', async (t) => {
    const gpu = await t.gpu();
    const model = await small(gpu, 'resnet');
    const method = await model.create();
    try {
      using _scope = gpu.scope();
      const entries = ['a', 'b'].map((name) => method.encode(pictures(gpu, name, 1)));
      const scorer = method.fit(entries);
      const most = async (skip: number | null) =>
        Math.max(...fuseScores(await scorer.score(entries[1], skip), null, method.options, 'image').map);
      assert.isBelow(await most(null), 1e-6);
      assert.isBelow(await most(0), 1e-6);
      assert.isAbove(await most(1), 1e-3);
      scorer.release();
    } finally {
      method.release();
      model.release();
    }
  });
});
