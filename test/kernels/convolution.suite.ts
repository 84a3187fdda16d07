import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import { convolution, unfoldWindows } from '../../src/kernels/convolution.ts';
import { type ConvolutionShape, convolutionReference, placesOf } from '../../src/lab/reference/convolution.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteOnOneDawn, test } from '../harness/registry.ts';

const SHAPES: readonly (ConvolutionShape & { readonly outputs: number })[] = [
  { batch: 2, height: 9, width: 7, channels: 5, side: 3, stride: 1, pad: 1, outputs: 6 },
  { batch: 1, height: 13, width: 10, channels: 3, side: 7, stride: 2, pad: 3, outputs: 8 },
  { batch: 3, height: 5, width: 6, channels: 4, side: 1, stride: 2, pad: 0, outputs: 7 },
  { batch: 2, height: 4, width: 3, channels: 6, side: 1, stride: 1, pad: 0, outputs: 5 },
  { batch: 2, height: 5, width: 7, channels: 3, side: 2, stride: 2, pad: 0, padEnd: 1, outputs: 4 },
];

suiteOnOneDawn('convolution', () => {
  test('odd sizes, strides and paddings', async (t) => {
    const gpu = await t.gpu();
    for (const [i, shape] of SHAPES.entries()) {
      using _scope = gpu.scope();
      const { batch, height, width, channels, side, outputs } = shape;
      const x = noise(10 + i, batch * height * width * channels);
      const weight = noise(20 + i, outputs * side * side * channels);
      const bias = noise(30 + i, outputs);
      const image = GpuArray.from(gpu, x, [batch, height, width, channels]);
      const matrix = GpuArray.from(gpu, weight, [outputs, side * side * channels]);
      const y = convolution(image, matrix, { ...shape, bias: GpuArray.from(gpu, bias, [outputs]) });
      assert.deepEqual(y.shape, [batch, ...placesOf(shape), outputs]);
      const expected = convolutionReference(x, weight, bias, shape);
      assertClose(await y.read(), expected, { absolute: 1e-5 }, JSON.stringify(shape));
    }
  });

  test('channels may come before the pixels', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const planes = noise(40, 2 * 3 * 6 * 5);
    const pixels = planes.map((_, i) => {
      const [c, place, b] = [i % 3, Math.floor(i / 3) % 30, Math.floor(i / 90)];
      return planes[(b * 3 + c) * 30 + place];
    });
    const window = { side: 4, stride: 4, padEnd: 3 };
    const a = unfoldWindows(GpuArray.from(gpu, planes, [2, 3, 6, 5]), { ...window, channelsFirst: true });
    const b = unfoldWindows(GpuArray.from(gpu, pixels, [2, 6, 5, 3]), window);
    assert.deepEqual(a.shape, [2, 2, 2, 48]);
    assert.deepEqual(await a.read(), await b.read());
  });

  test('a batch in several passes gives the bits of its images alone', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const [size, channels] = [48, 4];
    const x = noise(50, 2 * size * size * channels);
    const weight = GpuArray.from(gpu, noise(51, 2 * 31 * 31 * channels), [2, 31 * 31 * channels]);
    const window = { side: 31, stride: 1, pad: 15, act: 'relu' } as const;
    const both = convolution(GpuArray.from(gpu, x, [2, size, size, channels]), weight, window);
    const one = convolution(GpuArray.from(gpu, x.slice(x.length / 2), [1, size, size, channels]), weight, window);
    assert.deepEqual((await both.read()).slice(both.size / 2), await one.read());
  });

  test('refuses a window larger than the image', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = GpuArray.zeros(gpu, [1, 2, 2, 1]);
    assert.throws(() => convolution(x, GpuArray.zeros(gpu, [1, 9]), { side: 3, stride: 1 }), /no window of 3 fits/);
  });
});
