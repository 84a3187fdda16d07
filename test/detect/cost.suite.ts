import { assert } from 'chai';
import { ParameterLoader } from '../../src/clip/blocks.ts';
import { storeValues } from '../../src/clip/weight_storage.ts';
import { zeroTensors } from '../../src/clip/zero_model.ts';
import { openModel } from '../../src/detect/backbone.ts';
import { methodCost } from '../../src/detect/cost.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { countingGpu } from '../../src/gpu/counting.ts';
import { runSettings } from '../../src/run/run_config.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { suite, test } from '../harness/registry.ts';
import { tinyBackbone } from '../train/small_run.ts';

/** One block of width 32 with an MLP of 64 in both towers; 42 px are 3×3 patches of 14 px. */
const [WIDTH, MLP, EMBED, PATCHES, SIZE] = [32, 64, 32, 9, 42];
const TOKENS = PATCHES + 1;

const BLOCK = {
  parameters: 4 * WIDTH + (3 * WIDTH * WIDTH + 3 * WIDTH) + (WIDTH * WIDTH + WIDTH) + (2 * WIDTH * MLP + MLP + WIDTH),
  // Two layer norms, qkv, attention, its projection, and both halves of the MLP.
  flops:
    2 * 8 * TOKENS * WIDTH +
    2 * TOKENS * WIDTH * 3 * WIDTH +
    4 * TOKENS * TOKENS * WIDTH +
    2 * TOKENS * WIDTH * WIDTH +
    2 * 2 * TOKENS * WIDTH * MLP,
};
/** Patches, class token and positions, ln_pre, one block. */
const BACKBONE = 2 * PATCHES * WIDTH * 588 + TOKENS * WIDTH + 8 * TOKENS * WIDTH + BLOCK.flops;
const VISION = WIDTH + 17 * WIDTH + 588 * WIDTH + 2 * 2 * WIDTH + WIDTH * EMBED + BLOCK.parameters;
const TEXT = 49_408 * WIDTH + 77 * WIDTH + 2 * WIDTH + WIDTH * EMBED + BLOCK.parameters + 1;

const costOf = async (method: string, kind: 'pixel' | 'image' = 'pixel', more: Record<string, string> = {}) => {
  const settings = { method, size: String(SIZE), shots: '2', 'eval.batch': '1', batch: '3', epochs: '5', ...more };
  return methodCost(await tinyBackbone(), runSettings(settings), kind);
};

suite('cost', () => {
  test('zeros are stored as a look at each of them would have it, without that look', async () => {
    const { stored, read } = zeroTensors(new Map([['w', [3, 4]]]));
    for (const storage of ['auto', 'f32', 'f16', 'bf16'] as const) {
      assert.deepEqual(stored!('w', storage), storeValues('w', await read('w'), storage));
    }
    // A model whose tensors are read one by one would be read here.
    const zeros = zeroTensors(new Map([['w', [3, 4]]]));
    const loader = new ParameterLoader(countingGpu('hardware'), {
      ...zeros,
      read: () => assert.fail('a matrix of zeros is not read'),
    });
    await loader.matrix('w', [3, 4]);
    assert.equal(loader.report.matrices.f16, 1);
    loader.release();
  });

  test('initial values are not made where memory has no contents', () => {
    const { shape } = GpuArray.made(countingGpu('hardware'), () => assert.fail('nobody reads them'), [3, 4]);
    assert.deepEqual(shape, [3, 4]);
  });

  test('clip-memory: one pass of the backbone, and the products with the bank', async () => {
    const { parameters, flops, bytes, trainingFlops } = await costOf('clip-memory');
    assert.deepEqual(parameters, { trained: 0, frozen: VISION + TEXT });
    const norms = 2 * PATCHES * WIDTH + 2 * (2 * PATCHES * WIDTH);
    const distances = 2 * (2 * PATCHES * PATCHES * WIDTH);
    assert.deepEqual(flops, {
      ...{ text: 0, view: null, features: 0, fit: BACKBONE },
      score: BACKBONE + norms + distances + 9 * SIZE * SIZE,
    });
    // Class and patch tokens in the cache, patches in the bank, and two numbers that pick a column; memory comes in
    // pieces of 256 bytes.
    const piece = (numbers: number) => 256 * Math.ceil((4 * numbers) / 256);
    assert.equal(bytes.support, 2 * (piece(WIDTH) + 2 * piece(PATCHES * WIDTH)) + piece(2));
    assert.isNull(bytes.training);
    assert.equal(trainingFlops, 0);
  });

  test('what is trained is counted apart from what is not', async () => {
    const trained = async (method: string, kind: 'pixel' | 'image' = 'pixel') =>
      (await costOf(method, kind)).parameters.trained;
    assert.equal(await trained('fusionclip'), EMBED * 2 * WIDTH + EMBED * WIDTH + 2 * 2 * 8 * WIDTH);
    assert.equal(await trained('fixed-prompt'), EMBED * 2 * WIDTH + EMBED * WIDTH);
    assert.equal(await trained('april-gan'), EMBED * WIDTH + EMBED);
    // A single tapped block has no way back; without masks the seg head stays as it began.
    assert.equal(await trained('mvfa'), 2 * EMBED * WIDTH);
    assert.equal(await trained('mvfa', 'image'), EMBED * WIDTH);
    const { parameters } = await costOf('mvfa', 'image');
    assert.equal(parameters.frozen, VISION + TEXT + EMBED * WIDTH);
  });

  test('a training is every view through the backbone once, and through the step in every epoch', async () => {
    const { flops, bytes, trainingFlops } = await costOf('april-gan', 'image');
    // The class token goes on through ln_post and proj, for its own score.
    assert.equal(flops.features, BACKBONE + 8 * WIDTH + 2 * WIDTH * EMBED);
    const views = 2 * 2 * 11;
    assert.equal(trainingFlops, views * (flops.features + 5 * flops.view!));
    // Forward, and the gradient of the weight; the rest of the step is small beside these products.
    assert.isAtLeast(flops.view!, 2 * (2 * PATCHES * WIDTH * EMBED));
    assert.isAtLeast(bytes.training!, 4 * 3 * 3 * SIZE * SIZE + 2 * 4 * (EMBED * WIDTH + EMBED));
  });

  test('a backbone that adapters feed runs in every step', async () => {
    const { flops } = await costOf('mvfa');
    assert.equal(flops.features, 0);
    assert.isAtLeast(flops.view!, BACKBONE);
  });

  test('views in the bank cost a pass each', async () => {
    const one = await costOf('clip-memory');
    const eleven = await costOf('clip-memory', 'pixel', { 'memory.augment': 'true' });
    assert.equal(eleven.flops.fit, 11 * one.flops.fit);
    assert.isAbove(eleven.bytes.support, 10 * one.bytes.support);
  });

  test('MedCLIP: the cells of its last two stages are kept, once as features and once in the bank', async () => {
    const model = await openModel(new MemoryFileSystem([]), 'generated:medclip-resnet-mini:1');
    const settings = runSettings({ method: 'medclip', size: '64', shots: '2', 'eval.batch': '1' });
    const { parameters, flops, bytes } = await methodCost(model, settings, 'pixel');
    assert.equal(parameters.trained, 0);
    // 64 px are 4×4 cells of 64 numbers and 2×2 of 128; the embedding has 24.
    const cells = 4 * (4 * 4 * 64 + 2 * 2 * 128);
    assert.equal(bytes.support, 2 * (2 * cells + 256));
    assert.isAbove(flops.text, 0);
    // The first convolution alone.
    assert.isAbove(flops.fit, 2 * 32 * 32 * 8 * 3 * 7 * 7);
  });
});
