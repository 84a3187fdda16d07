import { GpuArray } from '../../src/gpu/array.ts';
import { dice, diceBackward } from '../../src/kernels/dice.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { dice as reference } from '../../src/lab/reference/maps.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const [GROUPS, BATCH, HEIGHT, WIDTH] = [2, 3, 7, 11];
const PIXELS = HEIGHT * WIDTH;
const SHAPE = [GROUPS * BATCH, HEIGHT, WIDTH, 2];
/** The second image has no abnormal pixel. */
const MASK = noise(1, BATCH * PIXELS).map((v, i) => (Math.floor(i / PIXELS) !== 1 && v > 0.3 ? 1 : 0));

suite('dice', () => {
  for (const [rows, smooth] of [
    ['invocation', 1],
    ['workgroup', 0.1],
  ] as const) {
    test(`smooth ${smooth}, ${rows}: forward and gradient`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const prob = noise(2, GROUPS * BATCH * PIXELS * 2).map((v) => 0.5 + 0.5 * v);
      const mask = GpuArray.from(gpu, MASK, [BATCH, HEIGHT, WIDTH]);
      const device = GpuArray.from(gpu, prob, SHAPE);
      const { loss, sums } = gpu.tuned({ rows }, () => dice(device, mask, smooth));
      assertClose(await loss.read(), reference(prob, MASK, BATCH, smooth), { relative: 4e-7 }, 'loss');
      const grad = new Float32Array([30, -10]);
      const d = await diceBackward(GpuArray.from(gpu, grad, [GROUPS]), sums, mask, SHAPE, smooth).read();
      const expected = centralDifference((v) => reference(v, MASK, BATCH, smooth), prob, grad);
      assertClose(d, expected, { absolute: 3e-7, relative: 2e-6 }, 'dprob');
    });
  }

  test('a perfect map loses nothing, and an image of 240² pixels few digits', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const side = 240;
    const mask = noise(3, side * side).map((v) => (v > 0.8 ? 1 : 0));
    const prob = new Float32Array(4 * side * side);
    noise(4, side * side).forEach((v, i) => {
      prob[2 * i + 1] = mask[i];
      prob[2 * side * side + 2 * i + 1] = 0.5 + 0.5 * v;
    });
    const arrays = [GpuArray.from(gpu, prob, [2, side, side, 2]), GpuArray.from(gpu, mask, [1, side, side])] as const;
    const expected = reference(prob, mask, 1, 1);
    for (const rows of Object.keys(ROW_VARIANTS)) {
      const { loss } = gpu.tuned({ rows }, () => dice(...arrays));
      assertClose(await loss.read(), expected, { absolute: 1e-12, relative: 4e-7 }, rows);
    }
  });
});
