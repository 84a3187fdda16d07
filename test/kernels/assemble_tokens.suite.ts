import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { assembleTokens, assembleTokensBackward, splitTokens } from '../../src/kernels/assemble_tokens.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { assembleTokens as reference } from '../../src/lab/reference/rows.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const [B, N, W] = [3, 5, 6];

suite('assemble_tokens', () => {
  test('forward and gradients', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const patches = noise(1, B * N * W);
    const cls = noise(2, W);
    const positions = noise(3, (N + 1) * W);
    const x = assembleTokens(
      GpuArray.from(gpu, patches, [B, N, W]),
      GpuArray.from(gpu, cls, [W]),
      GpuArray.from(gpu, positions, [N + 1, W]),
    );
    assert.deepEqual(x.shape, [B, N + 1, W]);
    assertClose(await x.read(), reference(patches, cls, positions), { absolute: 1e-7 });
    const grad = noise(4, B * (N + 1) * W);
    const device = GpuArray.from(gpu, grad, [B, N + 1, W]);
    const d = assembleTokensBackward(device, { patches: true, cls: true, positions: true });
    assert(d.patches && d.cls && d.positions);
    const bounds = { absolute: 3e-7 };
    const dPatches = centralDifference((v) => reference(v, cls, positions), patches, grad);
    assertClose(await d.patches.read(), dPatches, bounds, 'patches');
    assertClose(
      await d.cls.read(),
      centralDifference((v) => reference(patches, v, positions), cls, grad),
      bounds,
      'cls',
    );
    const dPositions = centralDifference((v) => reference(patches, cls, v), positions, grad);
    assertClose(await d.positions.read(), dPositions, bounds, 'positions');
  });

  test('splitTokens takes the parts apart again', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const host = noise(5, B * (N + 1) * W);
    const { cls, patches } = splitTokens(GpuArray.from(gpu, host, [B, N + 1, W]));
    assert.deepEqual(cls.shape, [B, W]);
    assert.deepEqual(patches.shape, [B, N, W]);
    const isClass = (i: number): boolean => i % ((N + 1) * W) < W;
    assertClose(
      await cls.read(),
      host.filter((_, i) => isClass(i)),
      {},
    );
    assertClose(
      await patches.read(),
      host.filter((_, i) => !isClass(i)),
      {},
    );
  });
});
