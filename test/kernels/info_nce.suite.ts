import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { captionGroups, infoNce, infoNceBackward } from '../../src/kernels/info_nce.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';
import { centralDifference } from '../reference/central_difference.ts';
import { infoNce as reference } from '../reference/info_nce.ts';

const CAPTIONS: Readonly<Record<string, readonly number[]>> = {
  'different captions': [0, 1, 2, 3, 4],
  'captions that occur twice and three times': [4, 1, 1, 7, 4, 4, 2],
  'one caption': [3, 3, 3],
};

/** Loss and gradients for a gradient of 0.7. */
async function run(gpu: Gpu, cosine: Float32Array<ArrayBuffer>, logScale: number, captions: readonly number[]) {
  using _scope = gpu.scope();
  const x = GpuArray.from(gpu, cosine, [captions.length, captions.length]);
  const s = GpuArray.from(gpu, Float32Array.of(logScale), [1]);
  const groups = captionGroups(gpu, captions);
  const { loss, logSumExp } = infoNce(x, s, groups);
  const d = infoNceBackward(GpuArray.from(gpu, Float32Array.of(0.7), [1]), x, s, groups, logSumExp);
  return { loss: (await loss.read())[0], dCosine: await d.cosine.read(), dScale: await d.logScale.read() };
}

suite('info_nce', () => {
  for (const [name, captions] of Object.entries(CAPTIONS)) {
    for (const logScale of [0, Math.log(1 / 0.07), Math.log(100)]) {
      test(`${name}, scale ${Math.exp(logScale).toFixed(0)}: forward and gradients`, async (t) => {
        const gpu = await t.gpu();
        const cosine = noise(1, captions.length ** 2);
        const stored = Math.fround(logScale);
        const got = await run(gpu, cosine, logScale, captions);
        assertClose([got.loss], [reference(cosine, stored, captions)], { absolute: 2e-6, relative: 2e-6 }, 'loss');
        const dCosine = centralDifference((x) => [reference(x, stored, captions)], cosine, [0.7], 1e-4);
        assertClose(got.dCosine, dCosine, { absolute: 2e-5 * Math.exp(logScale) }, 'd cosine');
        const dScale = centralDifference((s) => [reference(cosine, s[0], captions)], [stored], [0.7]);
        assertClose(got.dScale, dScale, { absolute: 2e-5, relative: 2e-5 }, 'd scale');
      });
    }
  }

  test('pairs with one caption pull on each other as on themselves', async (t) => {
    const gpu = await t.gpu();
    const { dCosine } = await run(gpu, new Float32Array(9), 0, [5, 5, 8]);
    assert.closeTo(dCosine[1], dCosine[0], 1e-7);
    assert.isBelow(dCosine[1], 0);
    assert.isAbove(dCosine[2], 0);
  });

  test('cosines that are right at the largest scale lose next to nothing', async (t) => {
    const gpu = await t.gpu();
    const cosine = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : -1));
    const { loss, dCosine } = await run(gpu, cosine, Math.log(100), [0, 1, 2, 3]);
    assertClose([loss], [0], { absolute: 1e-5 });
    assertClose(dCosine, new Float32Array(16), { absolute: 1e-3 });
  });
});
