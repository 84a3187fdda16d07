import { GpuArray } from '../../src/gpu/array.ts';
import { type Align, bilinearResize, bilinearResizeBackward } from '../../src/kernels/resize.ts';
import { resize as reference, resizeMatrix } from '../../src/lab/reference/maps.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

type Shape = readonly [number, number, number, number];

/** Up by patches, up by odd factors, down, from one line, and to one line. */
const CASES: readonly (readonly [Shape, readonly [number, number], readonly Align[]])[] = [
  [
    [2, 4, 3, 2],
    [56, 42],
    [true, false, { patch: 14 }],
  ],
  [
    [1, 3, 5, 3],
    [10, 7],
    [true, false],
  ],
  [
    [1, 9, 8, 1],
    [4, 5],
    [true, false],
  ],
  [
    [1, 1, 2, 1],
    [5, 6],
    [true, false, { patch: 3 }],
  ],
  [
    [1, 4, 3, 1],
    [1, 1],
    [true, false],
  ],
  // More pixels than patches cover, as when the size is no multiple of the patch.
  [[1, 2, 2, 1], [9, 9], [{ patch: 4 }]],
];

/** The resize is linear, so its backward is exactly the transposed matrices. */
function transposed(
  grad: ArrayLike<number>,
  [batch, h, w, channels]: Shape,
  [height, width]: readonly [number, number],
  align: Align,
): Float64Array {
  const my = resizeMatrix(h, height, align);
  const mx = resizeMatrix(w, width, align);
  const out = new Float64Array(batch * h * w * channels);
  for (let at = 0; at < grad.length; at++) {
    const c = at % channels;
    const j = Math.floor(at / channels) % width;
    const i = Math.floor(at / (channels * width)) % height;
    const b = Math.floor(at / (channels * width * height));
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        out[((b * h + y) * w + x) * channels + c] += my[i * h + y] * mx[j * w + x] * grad[at];
      }
    }
  }
  return out;
}

suite('resize', () => {
  for (const [shape, size, aligns] of CASES) {
    for (const align of aligns) {
      test(`[${shape}] → [${size}], align ${JSON.stringify(align)}`, async (t) => {
        const gpu = await t.gpu();
        using _scope = gpu.scope();
        const [batch, h, w, channels] = shape;
        const x = noise(1, batch * h * w * channels, 30);
        const device = GpuArray.from(gpu, x, shape);
        const y = bilinearResize(device, size, align);
        const expected = reference(x, shape, size, align);
        assertClose(await y.read(), expected, { absolute: 6e-6 }, 'y');
        const side = gpu.tuned({ rows: 'workgroup' }, () => bilinearResize(device, size, align));
        assertClose(await side.read(), expected, { absolute: 6e-6 }, 'y, neighbours side by side');
        const grad = noise(2, y.size);
        const dy = GpuArray.from(gpu, grad, y.shape);
        const wanted = transposed(grad, shape, size, align);
        const d = bilinearResizeBackward(dy, [h, w], align);
        assertClose(await d.read(), wanted, { absolute: 5e-6, relative: 5e-7 }, 'dx');
        const shared = gpu.tuned({ rows: 'workgroup' }, () => bilinearResizeBackward(dy, [h, w], align));
        assertClose(await shared.read(), wanted, { absolute: 5e-6, relative: 5e-7 }, 'dx, neighbours share a line');
      });
    }
  }

  test('the same size changes nothing', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const x = noise(3, 5 * 6 * 2);
    for (const align of [true, false, { patch: 1 }]) {
      assertClose(await bilinearResize(GpuArray.from(gpu, x, [1, 5, 6, 2]), [5, 6], align).read(), x, {});
    }
  });
});
