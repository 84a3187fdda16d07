import { assert } from 'chai';
import fc from 'fast-check';
import { FusionclipError } from '../../src/base/errors.ts';
import { presetConfig } from '../../src/clip/config.ts';
import { GeneratedClipModel, generateModel } from '../../src/clip/generate.ts';
import { floatToHalf, halfToFloat, isHalf } from '../../src/clip/half.ts';
import { openClipModel } from '../../src/clip/model_file.ts';
import { TextTower } from '../../src/clip/text.ts';
import { VisionTower } from '../../src/clip/vision.ts';
import { joinReports, storeValues, type WeightStorage } from '../../src/clip/weight_storage.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { Tape, Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { MemoryFiles } from './memory_files.ts';

const SMALL = presetConfig('T');
const SIZE = 56;

/** The model T in a file of halves. */
async function halfModel() {
  const files = new MemoryFiles();
  await generateModel(SMALL, 5, { dtype: 'f16' }, await files.createWriter('m.safetensors'));
  return openClipModel(files, 'm.safetensors');
}

/** Embeddings of noise and of a sentence, and the gradient of the latter, as the learnable prompts need it. */
async function run(gpu: Gpu, weights: Awaited<ReturnType<typeof halfModel>>, storage: WeightStorage) {
  using _scope = gpu.scope();
  const vision = await VisionTower.load(gpu, weights, { size: SIZE, storage });
  const text = await TextTower.load(gpu, weights, { storage });
  const images = new Tensor(GpuArray.from(gpu, noise(1, 2 * 3 * SIZE * SIZE), [2, 3, SIZE, SIZE]));
  const embedding = await vision.encode(images, { embedding: true }).embedding!.read();
  const rows = new Tensor(await text.embed([[49406, 320, 1125, 49407]]), true);
  const tape = new Tape();
  const sentence = tape.record(() => text.encode(rows, text.endOfText([3], 4)));
  const [gradient] = tape.backward(sentence, GpuArray.from(gpu, noise(2, SMALL.embed), [1, SMALL.embed]), [rows]);
  const out = { embedding, sentence: await sentence.read(), gradient: await gradient!.read() };
  const report = joinReports([vision.storage, text.storage]);
  vision.release();
  text.release();
  return { ...out, report };
}

suiteInTurn('weight storage', () => {
  test('knows which numbers are halves', () => {
    const bits = (x: number) => new Uint32Array(Float32Array.of(x).buffer)[0];
    for (let h = 0; h < 65536; h++) {
      const value = halfToFloat(h);
      if (Number.isFinite(value) !== isHalf(bits(value))) assert.fail(`0x${h.toString(16)}`);
    }
    const any = fc.oneof(
      fc.float({ noNaN: true, noDefaultInfinity: true }),
      fc.float({ min: -2, max: 2, noNaN: true }),
    );
    fc.assert(
      fc.property(any, (x) => assert.equal(isHalf(bits(x)), halfToFloat(floatToHalf(x)) === x, `${x}`)),
      { numRuns: 2000, seed: 1 },
    );
  });

  test('auto takes the smallest type that holds every value', () => {
    const of = (...values: number[]) => storeValues('w', Float32Array.from(values), 'auto');
    assert.equal(of(1, -0.5, 65504, 2 ** -24).dtype, 'f16');
    assert.equal(of(1, 2 ** 100, -(2 ** -100)).dtype, 'bf16');
    assert.equal(of(1, 1 + 2 ** -10).dtype, 'f16');
    assert.equal(of(2 ** 100, 1 + 2 ** -10).dtype, 'f32');
    assert.equal(of(0.1).dtype, 'f32');
    assert.equal(of().dtype, 'f16');
  });

  test('says what rounding did, and refuses what overflows', () => {
    const values = Float32Array.of(4, 1 + 2 ** -11, -1);
    assert.deepInclude(storeValues('w', values, 'f16'), { dtype: 'f16', error: 2 ** -13 });
    assert.deepInclude(storeValues('w', values, 'bf16'), { dtype: 'bf16', error: 2 ** -13 });
    assert.deepInclude(storeValues('w', values, 'f32'), { dtype: 'f32', error: 0, data: values });
    assert.throws(
      () => storeValues('w', Float32Array.of(1e5), 'f16'),
      FusionclipError,
      /w has a value of 100000.*bf16/,
    );
    assert.throws(() => storeValues('w', Float32Array.of(3.4e38), 'bf16'), FusionclipError, /--weights f32/);
  });

  test('halves of a file stay halves, and change no bit of a result or of a gradient', async (t) => {
    const gpu = await t.gpu();
    const model = await halfModel();
    const plain = await run(gpu, model, 'f32');
    const { report, ...small } = await run(gpu, model, 'auto');
    assert.deepEqual(small, { embedding: plain.embedding, sentence: plain.sentence, gradient: plain.gradient });
    const matrices = 4 * (SMALL.vision.layers + SMALL.text.layers) + 3;
    assert.deepEqual(report.matrices, { f32: 0, f16: matrices, bf16: 0 });
    assert.deepEqual([report.rounded, report.error], [0, 0]);
    assert.match(`${report}`, /^weights: 31 matrices in f16 \(lossless\), \d+ MiB on the GPU$/);
    assert.isBelow(report.bytes, 0.52 * plain.report.bytes);
    assert.isBelow((await run(gpu, model, 'f16')).report.rounded, 1);
  });

  test('float32 weights stay float32 unless rounding is asked for', async (t) => {
    const gpu = await t.gpu();
    const model = new GeneratedClipModel(SMALL, 5);
    const load = async (storage: WeightStorage) => {
      const tower = await VisionTower.load(gpu, model, { size: SIZE, storage });
      tower.release();
      return tower.storage;
    };
    assert.deepEqual((await load('auto')).matrices, { f32: 18, f16: 0, bf16: 0 });
    const rounded = await load('bf16');
    assert.deepEqual([rounded.matrices.bf16, rounded.rounded], [18, 18]);
    assert.isBelow(rounded.error, 2 ** -8);
    assert.match(`${rounded}`, /18 matrices in bf16 \(18 of them rounded, by up to \d\.\de-3 of their largest value\)/);
  });

  test('rounded weights give nearly the same embeddings', async (t) => {
    const gpu = await t.gpu();
    const model = await halfModel();
    const plain = await run(gpu, model, 'f32');
    const rough = await run(gpu, model, 'bf16');
    assertClose(rough.embedding, plain.embedding, { absolute: 0.05 * Math.max(...plain.embedding.map(Math.abs)) });
    assert.notDeepEqual(rough.embedding, plain.embedding);
  });

  test('what is trained is float32', async (t) => {
    const gpu = await t.gpu();
    const tower = await VisionTower.load(gpu, await halfModel(), { size: SIZE, trainable: true, storage: 'f16' });
    for (const { value } of tower.parameters.values()) assert.equal(value.dtype, 'f32');
    tower.release();
  });
});
