import { GpuArray } from '../../src/gpu/array.ts';
import { type BceMode, bce, bceBackward } from '../../src/kernels/bce.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { bce as reference } from '../../src/lab/reference/maps.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

const MODES: readonly BceMode[] = ['prob', 'mvfa', 'margin'];
const LABEL = new Float32Array([0, 1, 1, 0, 1]);
const GROUPS = 3;
const ROWS = GROUPS * LABEL.length;

/** Pairs of probabilities, or of similarities for `margin`. */
function pairs(mode: BceMode): Float32Array<ArrayBuffer> {
  if (mode === 'margin') return noise(1, 2 * ROWS, 40);
  return noise(1, 2 * ROWS).map((v, i, all) => (i % 2 === 0 ? 0.5 + 0.49 * v : 0.5 - 0.49 * all[i - 1]));
}

suite('bce', () => {
  for (const mode of MODES) {
    test(`${mode}: forward and gradient`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const pair = pairs(mode);
      const device = GpuArray.from(gpu, pair, [ROWS, 2]);
      const label = GpuArray.from(gpu, LABEL, [LABEL.length]);
      for (const rows of Object.keys(ROW_VARIANTS)) {
        const loss = await gpu.tuned({ rows }, () => bce(device, label, mode)).read();
        assertClose(loss, reference(pair, LABEL, mode), { absolute: 1e-7, relative: 3e-7 }, rows);
      }
      const grad = noise(2, GROUPS);
      const d = await bceBackward(GpuArray.from(gpu, grad, [GROUPS]), device, label, mode).read();
      const expected = centralDifference((v) => reference(v, LABEL, mode), pair, grad, 1e-4);
      assertClose(d, expected, { absolute: 1e-7, relative: 1e-6 }, 'dpair');
    });
  }

  test('probabilities of 0 and 1 are clamped as in torch', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const device = GpuArray.from(gpu, new Float32Array([1, 0, 0, 1, 1, 0, 0, 1]), [4, 2]);
    const label = GpuArray.from(gpu, new Float32Array([1, 1, 0, 0]), [4]);
    assertClose(await bce(device, label, 'prob').read(), [(100 + 0 + 0 + 100) / 4], {});
    const ones = GpuArray.from(gpu, new Float32Array([1]), [1]);
    const d = await bceBackward(ones, device, label, 'prob').read();
    assertClose(d, [0, -1e12 / 4, 0, -1 / 4, -1 / 4, 0, -1e12 / 4, 0], { relative: 1e-6 });
  });

  test('more images than share a workgroup', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const batch = 2100;
    const pair = noise(3, 2 * batch, 4);
    const label = noise(4, batch).map((v) => (v > 0 ? 1 : 0));
    const arrays = [GpuArray.from(gpu, pair, [batch, 2]), GpuArray.from(gpu, label, [batch])] as const;
    for (const rows of Object.keys(ROW_VARIANTS)) {
      const loss = gpu.tuned({ rows }, () => bce(...arrays, 'margin'));
      assertClose(await loss.read(), reference(pair, label, 'margin'), { relative: 3e-7 }, rows);
    }
  });

  test('a confident margin keeps its small loss', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const device = GpuArray.from(gpu, new Float32Array([0, 17, 0, -300]), [2, 2]);
    const label = GpuArray.from(gpu, new Float32Array([1]), [1]);
    assertClose(await bce(device, label, 'margin').read(), [Math.log1p(Math.exp(-17)), 300], { relative: 3e-6 });
  });
});
