import { GpuArray } from '../../src/gpu/array.ts';
import { focal, focalBackward } from '../../src/kernels/focal.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { focal as reference } from '../../src/lab/reference/maps.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const [GROUPS, BATCH, HEIGHT, WIDTH] = [2, 3, 5, 9];
const PIXELS = HEIGHT * WIDTH;
const SHAPE = [GROUPS * BATCH, HEIGHT, WIDTH, 2];
const MASK = noise(1, BATCH * PIXELS).map((v) => (v > 0.3 ? 1 : 0));

/** Probabilities between 0.02 and 0.98 that add up to 1. */
function probabilities(seed: number, rows: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(2 * rows);
  noise(seed, rows).forEach((v, i) => {
    out[2 * i + 1] = 0.5 + 0.48 * v;
    out[2 * i] = 1 - out[2 * i + 1];
  });
  return out;
}

suite('focal', () => {
  for (const { rows, ...options } of [
    { rows: 'invocation', gamma: 2, smooth: 1e-5, alpha: null },
    { rows: 'invocation', gamma: 1.5, smooth: 1e-3, alpha: 0.25 },
    { rows: 'workgroup', gamma: 0, smooth: 1e-5, alpha: null },
  ]) {
    test(`γ ${options.gamma}, alpha ${options.alpha}, ${rows}: forward and gradient`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const { gamma, smooth, alpha } = options;
      const prob = probabilities(2, GROUPS * BATCH * PIXELS);
      const device = GpuArray.from(gpu, prob, SHAPE);
      const mask = GpuArray.from(gpu, MASK, [BATCH, HEIGHT, WIDTH]);
      const loss = await gpu.tuned({ rows }, () => focal(device, mask, gamma, smooth, alpha)).read();
      assertClose(loss, reference(prob, MASK, BATCH, options), { relative: 5e-7 }, 'loss');
      const grad = new Float32Array([100, -50]);
      const d = await focalBackward(GpuArray.from(gpu, grad, [GROUPS]), device, mask, gamma, smooth, alpha).read();
      const expected = centralDifference((v) => reference(v, MASK, BATCH, options), prob, grad, 1e-4);
      assertClose(d, expected, { absolute: 2e-6, relative: 3e-6 }, 'dprob');
      const into = GpuArray.from(gpu, prob, SHAPE);
      focalBackward(GpuArray.from(gpu, grad, [GROUPS]), device, mask, gamma, smooth, alpha, into);
      const sum = expected.map((v, i) => v + prob[i]);
      assertClose(await into.read(), sum, { absolute: 2e-6, relative: 3e-6 }, 'dprob and what there was');
    });
  }

  test('certain pixels, right and wrong, stay finite', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const prob = new Float32Array([1, 0, 0, 1, 1, 0, 0, 1]);
    const mask = new Float32Array([0, 0, 1, 1]);
    const device = GpuArray.from(gpu, prob, [1, 2, 2, 2]);
    const deviceMask = GpuArray.from(gpu, mask, [1, 2, 2]);
    for (const gamma of [2, 0.5]) {
      const expected = reference(prob, mask, 1, { gamma, smooth: 1e-5, alpha: null });
      assertClose(await focal(device, deviceMask, gamma).read(), expected, { relative: 3e-6 });
      const grad = GpuArray.from(gpu, new Float32Array([1]), [1]);
      const d = await focalBackward(grad, device, deviceMask, gamma).read();
      if (!d.every((v) => Number.isFinite(v))) throw new Error(`γ ${gamma}: gradient ${d}`);
    }
  });

  test('images of 240² pixels: the mean is good to a few roundings', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const side = 240;
    const prob = probabilities(3, 2 * side * side);
    const mask = noise(4, side * side).map((v) => (v > 0.9 ? 1 : 0));
    const arrays = [GpuArray.from(gpu, prob, [2, side, side, 2]), GpuArray.from(gpu, mask, [1, side, side])] as const;
    const expected = reference(prob, mask, 1, { gamma: 2, smooth: 1e-5, alpha: null });
    for (const rows of Object.keys(ROW_VARIANTS)) {
      const loss = gpu.tuned({ rows }, () => focal(...arrays));
      assertClose(await loss.read(), expected, { relative: 3e-7 }, rows);
    }
  });
});
