import { assert } from 'chai';
import { wholeImages } from '../../src/fusion/features.ts';
import { GpuArray } from '../../src/gpu/array.ts';
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
