import { assert } from 'chai';
import { countOperations } from '../../bench/operations.ts';
import { GeneratedClipModel, presetConfig, TextTower, Tokenizer, VisionTower } from '../../src/clip/index.ts';
import { FusionModel, fusionOptions } from '../../src/fusion/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { Tape, Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { plainPrompts } from '../reference/plain_prompts.ts';
import { tinyConfig } from '../train/small_run.ts';

suiteInTurn('a training step', () => {
  test('has the loss and the gradients of the plain computation', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const config = tinyConfig();
    const weights = new GeneratedClipModel({ ...config, text: { ...config.text, layers: 3 } }, 7);
    const options = fusionOptions({ size: '42' });
    const vision = await VisionTower.load(gpu, weights, { size: 42 });
    const text = await TextTower.load(gpu, weights);
    const tokenizer = await Tokenizer.openai();
    const parts = { gpu, vision, text, tokenizer, options, kind: 'pixel' as const, object: 'Brain', seed: 1 };
    const model = await FusionModel.create(parts);
    const prompts = model.prompts.parameters;
    assert.isNotEmpty(prompts);
    const plain = await plainPrompts({ ...parts, paths: model.paths }, prompts);
    const { width } = config.vision;
    const tokens = (seed: number, ...shape: number[]) =>
      new Tensor(GpuArray.from(gpu, noise(seed, 2 * shape[1] * (shape[2] ?? 1)), shape));
    const features = new Map(
      model.layers.map((layer) => [layer, { cls: tokens(layer, 2, width), patches: tokens(9 * layer, 2, 9, width) }]),
    );
    const targets = {
      label: GpuArray.from(gpu, Float32Array.of(0, 1), [2]),
      mask: GpuArray.from(
        gpu,
        noise(5, 2 * 42 * 42).map((v) => (v > 0.5 ? 1 : 0)),
        [2, 42, 42],
      ),
    };
    const one = GpuArray.from(gpu, Float32Array.of(1), [1]);
    const step = async (textFeatures: () => Tensor) => {
      for (const p of model.parameters) p.zeroGrad();
      const tape = new Tape();
      const { total } = tape.record(() => model.loss(features, targets, textFeatures()));
      tape.backward(total, one);
      const grads: Float32Array[] = [];
      for (const { grad } of model.parameters) grads.push(await grad!.read());
      return { loss: await total.read(), grads };
    };
    const done = await step(() => model.textFeatures());
    const expected = await step(plain);
    assertClose(done.loss, expected.loss, { relative: 1e-5 });
    model.parameters.forEach(({ name }, i) => {
      const largest = Math.max(...expected.grads[i].map(Math.abs));
      assert.isAbove(largest, 0, name);
      assertClose(done.grads[i], expected.grads[i], { absolute: 1e-4 * largest }, name);
    });
    for (const part of [model, text, vision]) part.release();
  });
  test('has six times fewer operations than the plain computation at ViT-L/14 with 12 sentences', async () => {
    const counts = await countOperations(presetConfig('ViT-L-14'), 240);
    assert.lengthOf(counts, 3);
    for (const { part, done, plain } of counts) assert.isAtLeast(plain / done, 6, part);
    // 96 sentences of 77 rows with 12 blocks of 24·768² operations in matmuls alone.
    assert.closeTo(counts[0].plain / (96 * 77 * 12 * 24 * 768 ** 2), 1, 0.05);
  });
});
