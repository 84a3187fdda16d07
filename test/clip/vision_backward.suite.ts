import { assert } from 'chai';
import { presetConfig, VisionTower } from '../../src/clip/index.ts';
import { generatedBackbone } from '../../src/detect/backbone.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { linear, Parameter, Tape, Tensor } from '../../src/nn/index.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteOnOneDawn, test } from '../harness/registry.ts';

const WIDTH = 32;

suiteOnOneDawn('vision tower behind an adapter', () => {
  test('blocks that keep their activations and blocks that run again give the same gradient; keeping takes the memory', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const config = presetConfig('T');
    const vision = { ...config.vision, width: WIDTH, layers: 4, heads: 2, mlp: 64, nativeSize: 56 };
    const { weights } = await generatedBackbone({ ...config, embed: WIDTH, vision }, 1, 'tiny');
    const tower = await VisionTower.load(gpu, weights, { size: 56 });
    const images = GpuArray.from(gpu, noise(1, 2 * 3 * 56 * 56), [2, 3, 56, 56]);
    const adapter = new Parameter('adapter', GpuArray.from(gpu, noise(2, WIDTH * WIDTH), [WIDTH, WIDTH]), true);
    const grad = GpuArray.from(gpu, noise(3, 2 * 17 * WIDTH), [2, 17, WIDTH]);
    const run = async (keep?: number) => {
      using _run = gpu.scope();
      const before = gpu.pool.liveBytes;
      gpu.pool.peakBytes = before;
      const tape = new Tape();
      const y = tape.record(() => {
        const afterBlock = (layer: number, x: Tensor) => (layer === 1 ? linear(x, adapter, null) : x);
        return tower.encode(new Tensor(images), { taps: [4], afterBlock, keep }).taps.get(4)!;
      });
      tape.backward(y, grad);
      const gradient = await adapter.grad!.read();
      adapter.zeroGrad();
      return { gradient, bytes: gpu.pool.peakBytes - before };
    };
    const again = await run(0);
    const kept = await run();
    const largest = kept.gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.isAbove(largest, 0);
    assertClose(again.gradient, kept.gradient, { absolute: 2e-5 * largest }, 'gradient of the adapter');
    assert.isBelow(again.bytes, kept.bytes);
    adapter.release();
    tower.release();
  });
});
