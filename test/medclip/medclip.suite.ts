import { assert } from 'chai';
import { ruleUniform } from '../../src/base/rule.ts';
import { openClipModel } from '../../src/clip/index.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { BertTower } from '../../src/medclip/bert.ts';
import { MEDCLIP_PRESETS, type MedClipConfig } from '../../src/medclip/config.ts';
import { GeneratedMedClip, openMedClip } from '../../src/medclip/model_file.ts';
import { medClipShapes } from '../../src/medclip/names.ts';
import { medClipInput, squareGrey } from '../../src/medclip/preprocess.ts';
import { loadMedClipVision } from '../../src/medclip/vision.ts';
import { WordPiece } from '../../src/medclip/word_piece.ts';
import { MemoryFiles } from '../clip/memory_files.ts';
import { expectFailure } from '../data/expect_failure.ts';
import { readFacts, readTensors, tensorCase } from '../golden/cases/golden.ts';
import { suite, type TestContext, test } from '../harness/registry.ts';
import { below, medClipFolder } from './medclip_folder.ts';

/** What test/reference/medclip.py has written. */
interface Facts {
  readonly seed: number;
  readonly vocabulary: string[];
  readonly sentences: string[];
  readonly ids: number[][];
  readonly cases: Record<string, { readonly size: number; readonly images: number }>;
  readonly tensors: Parameters<typeof tensorCase>[2];
}

async function readReference(t: TestContext) {
  const read = (file: string) => t.fixture(`reference/${file}`);
  return { facts: await readFacts<Facts>(read, 'medclip'), expected: await readTensors(read, 'medclip') };
}

function mini(kind: string, vocabulary: readonly string[]): MedClipConfig {
  return MEDCLIP_PRESETS.get(`medclip-${kind}-mini`)!(vocabulary.length);
}

suite('MedCLIP', () => {
  for (const kind of ['swin', 'resnet']) {
    test(`${kind}: stages, image and text embeddings are those of the reference`, async (t) => {
      const gpu = await t.gpu();
      const { facts, expected } = await readReference(t);
      const { size, images } = facts.cases[kind];
      const weights = new GeneratedMedClip(mini(kind, facts.vocabulary), facts.seed);
      const vision = await loadMedClipVision(gpu, weights, { size });
      const text = await BertTower.load(gpu, weights);
      try {
        using _scope = gpu.scope();
        const check = async (name: string, array: GpuArray) => {
          const key = `${kind}.${name}`;
          const { ratio } = tensorCase(key, await array.read(), facts.tensors, expected);
          assert.isAtMost(ratio, 1, key);
        };
        const shape = [images, 3, size, size];
        const input = GpuArray.from(gpu, ruleUniform('medclip.images', facts.seed, shape, 0, 1.5), shape);
        const { stages, embedding } = vision.encode(input, [1, 2, 3, 4]);
        for (const [stage, cells] of stages) await check(`stage.${stage}`, cells);
        await check('image_embedding', embedding);
        await check('text_embedding', await text.encodeSentences(facts.ids, 0));
      } finally {
        vision.release();
        text.release();
      }
    });

    test(`${kind}: a file with the published names gives the same numbers; it says which tower it has`, async (t) => {
      const { facts } = await readReference(t);
      const config = mini(kind, facts.vocabulary);
      const folder = await medClipFolder(config, facts.vocabulary);
      const model = await openMedClip(new MemoryFiles(below('/m', folder)), '/m');
      assert.deepEqual(model.config, config);
      const weights = new GeneratedMedClip(config, 1);
      for (const name of model.names) assert.deepEqual(await model.read(name), await weights.read(name), name);
      const tokenizer = await model.tokenizer();
      for (const [i, sentence] of facts.sentences.entries())
        assert.deepEqual(tokenizer.sentence(sentence), facts.ids[i], sentence);
    });
  }

  test('a file that is not whole, or is something else, is refused in one sentence', async (t) => {
    const { facts } = await readReference(t);
    const config = mini('swin', facts.vocabulary);
    const whole = await medClipFolder(config, facts.vocabulary);
    const refused = async (files: Partial<typeof whole>, pattern: RegExp) => {
      const fs = new MemoryFiles(below('/m', { ...whole, ...files }));
      const open = async () => (await openMedClip(fs, '/m')).tokenizer();
      await expectFailure('bad_model', [pattern, /^[^\n]+\.$/], open);
    };
    const changed = async (change: Parameters<typeof medClipFolder>[2]) => ({
      'model.safetensors': (await medClipFolder(config, facts.vocabulary, change))['model.safetensors'],
    });
    const table = 'vision_model.model.encoder.layers.1.blocks.0.attention.self.relative_position_bias_table';
    await refused(await changed((all) => all.delete(table)), /has no tensor vision_model\.model\.encoder\.layers\.1/);
    await refused(
      await changed((all) => all.set('logit_scale', { shape: [2], values: new Float32Array(2) })),
      /has logit_scale of shape \[2\]/,
    );
    await refused(
      await changed((all) => all.set('adapter.weight', { shape: [1], values: new Float32Array(1) })),
      /has the tensor adapter\.weight, which no MedCLIP has/,
    );
    await refused(await changed((all) => all.clear()), /is no MedCLIP model/);
    await refused({ 'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n' }, /has 4 lines where the model has \d+ tokens/);
    await refused({ 'vocab.txt': 'a\n' }, /lacks \[PAD\]/);
    await refused({ 'config.json': '{"num_attention_heads": 5}' }, /which 5 attention heads do not divide/);
    await refused({ 'config.json': '{' }, /is not JSON/);
    const { 'vocab.txt': _, ...without } = whole;
    const fs = new MemoryFiles(below('/m', without));
    const words = /There is no \/m\/vocab\.txt: put the vocab\.txt of Bio_ClinicalBERT/;
    await expectFailure('bad_model', [words], async () => (await openMedClip(fs, '/m')).tokenizer());
    const clip = /is a MedCLIP model, which only --method medclip runs/;
    await expectFailure('bad_model', [clip], () => openClipModel(fs, '/m'));
  });

  test('the tokenizer keeps case where it is told to, cuts long sentences, and knows no word of 101 letters', () => {
    const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'Brain', 'brain', 'e', '##e', '!', '中'];
    const cased = new WordPiece(pieces, false);
    assert.deepEqual(cased.encode('Brain brain\tBRAIN'), [4, 5, 1]);
    const plain = new WordPiece(pieces, true, 5);
    assert.deepEqual(plain.encode('Brain, é!中\u0000e'), [5, 1, 6, 8, 9, 6]);
    assert.deepEqual(plain.sentence('e e e e'), [2, 6, 6, 6, 3]);
    assert.deepEqual(plain.encode('e'.repeat(100)).length, 100);
    assert.deepEqual(plain.encode('e'.repeat(101)), [1]);
  });

  test('images become grey in the middle of a black square', () => {
    const image = { width: 2, height: 1, channels: 3 as const, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
    const square = squareGrey(image, 4);
    assert.deepEqual([square.width, square.height, square.channels], [4, 4, 1]);
    assert.deepEqual([...square.data], [0, 0, 0, 0, 0, 76, 29, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(squareGrey(image, 1).width, 2);
    const input = medClipInput(square);
    assert.equal(input.length, 48);
    assert.closeTo(input[0], -0.5862785803 / 0.2795008897, 1e-6);
    assert.closeTo(input[16 + 5], (76 / 255 - 0.5862785803) / 0.2795008897, 1e-6);
    // Of an RGB image the first channel is read, which is every third byte.
    const red = medClipInput({ ...image, data: Uint8Array.of(76, 1, 2, 0, 3, 4) });
    assert.deepEqual(
      [...red],
      [5, 0, 5, 0, 5, 0].map((at) => input[at]),
    );
  });

  test('its ResNet-50 has the 53 convolutions that every other has, the first of 7×7', () => {
    const config = MEDCLIP_PRESETS.get('medclip-resnet')!(100);
    const shapes = medClipShapes(config);
    const filters = [...shapes.values()].filter((shape) => shape.length === 4);
    assert.deepEqual(filters[0], [64, 3, 7, 7]);
    // torchvision's resnet50 has 23,454,912 weights in its 53 convolutions.
    assert.lengthOf(filters, 53);
    assert.equal(
      filters.reduce((sum, [out, input, height, width]) => sum + out * input * height * width, 0),
      23_454_912,
    );
    assert.equal(config.vision.patch, 32);
  });
});
