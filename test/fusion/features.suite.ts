import { assert } from 'chai';
import { presetConfig, VisionTower } from '../../src/clip/index.ts';
import { zeroModel } from '../../src/clip/zero_model.ts';
import { arraysOf, encodedBytes, extractFeatures, wholeImages } from '../../src/fusion/features.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { countingGpu } from '../../src/gpu/counting.ts';
import { Tensor } from '../../src/nn/index.ts';
import { suite, test } from '../harness/registry.ts';

suite('features of whole images', () => {
  test('are the embedding that the method takes, else the class token of its last block', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const row = (value: number) => GpuArray.from(gpu, Float32Array.of(value, value), [1, 2]);
    const layer = (value: number) => ({ cls: new Tensor(row(value)), patches: new Tensor(row(9)) });
    const features = new Map([
      [4, layer(4)],
      [2, layer(2)],
      [6, layer(6)],
    ]);
    const tokens = 'raw' as const;
    const encoded = { features, embedding: row(7) };
    assert.deepEqual([...(await wholeImages(encoded, { layers: [2, 4], tokens, embedding: true })!.read())], [7, 7]);
    // What is kept for other runs too has more in it.
    assert.deepEqual([...(await wholeImages(encoded, { layers: [2, 4], tokens })!.read())], [4, 4]);
    assert.isNull(wholeImages({ features: new Map() }, { layers: [], tokens }));
  });
});

suite('features of the vision tower', () => {
  test('leave as many bytes on the GPU as is said, whatever a method takes', async () => {
    const gpu = countingGpu('lavapipe');
    using _scope = gpu.scope();
    const tower = await VisionTower.load(gpu, zeroModel(presetConfig('T')), { size: 70 });
    const images = GpuArray.empty(gpu, [3, 3, 70, 70]);
    const tokens = 'ln_post' as const;
    for (const options of [
      { layers: [1, 2], tokens },
      { layers: [2], tokens: 'raw' as const, embedding: true },
      { layers: [], tokens, embedding: true, windows: [2, 3] },
      { layers: [1], tokens, windows: [2], guide: true },
    ]) {
      const arrays = [...arraysOf(extractFeatures(tower, images, options)).values()];
      const bytes = arrays.reduce((sum, { size }) => sum + 4 * size, 0);
      assert.equal(bytes, 3 * encodedBytes(tower, options), JSON.stringify(options));
    }
  });
});
