import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { patchEmbedding, unfoldPatches } from '../../src/kernels/patch_embedding.ts';
import { patchEmbeddingReference } from '../../src/lab/reference/patch_embedding.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

suite('patch_embedding', () => {
  test('equals a convolution with stride; remaining pixels are dropped', async (t) => {
    const gpu = await t.gpu();
    for (const size of [
      { batch: 2, size: 17, patch: 4, width: 24 },
      { batch: 1, size: 15, patch: 7, width: 10 },
    ]) {
      using _scope = gpu.scope();
      const images = noise(70, size.batch * 3 * size.size ** 2);
      const weight = noise(71, size.width * 3 * size.patch ** 2, 0.1);
      const x = GpuArray.from(gpu, images, [size.batch, 3, size.size, size.size]);
      const w = GpuArray.from(gpu, weight, [size.width, 3, size.patch, size.patch]);
      const out = patchEmbedding(x, w);
      const tokens = Math.floor(size.size / size.patch) ** 2;
      assert.deepEqual(out.shape, [size.batch, tokens, size.width]);
      assertClose(await out.read(), patchEmbeddingReference(images, weight, size), { absolute: 2e-6 });
    }
  });

  test('columns are in the order (channel, y, x)', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const images = Float32Array.from({ length: 48 }, (_, i) => i);
    const out = await unfoldPatches(GpuArray.from(gpu, images, [1, 3, 4, 4]), 2).read();
    assert.deepEqual([...out.slice(12, 24)], [2, 3, 6, 7, 18, 19, 22, 23, 34, 35, 38, 39]);
  });
});
