import { assert } from 'chai';
import { GpuArray } from '../../src/gpu/array.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { infoNce, infoNceBackward, infoNceTargets, uploadTargets } from '../../src/kernels/info_nce.ts';
import { ROW_VARIANTS } from '../../src/kernels/rows.ts';
import { centralDifference } from '../../src/lab/reference/central_difference.ts';
import { infoNce as reference } from '../../src/lab/reference/info_nce.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suite, test } from '../harness/registry.ts';

/** From texts like `1..` (true of picture i alone) to what is true of what: row i is picture i, column j text j. */
const truthOf = (...rows: string[]): boolean[][] => rows.map((row) => [...row].map((one) => one === '1'));

const TRUTHS: Readonly<Record<string, boolean[][]>> = {
  'every text true of its own picture': truthOf('1....', '.1...', '..1..', '...1.', '....1'),
  'equal captions': truthOf('1..11..', '.11....', '.11....', '1..11..', '1..11..', '.....1.', '......1'),
  'a text that is true of more pictures than the others': truthOf('11..', '.1..', '.11.', '.1.1'),
  'all true': truthOf('111', '111', '111'),
  'more pictures than texts': truthOf('1..', '11.', '..1', '.1.', '.1.'),
  'fewer pictures than texts': truthOf('1..1.', '.11.1'),
  'a picture and a text that nothing is true of': truthOf('1...', '....', '.1.1', '.1..'),
};

/** Loss and gradients for a gradient of 0.7. */
async function run(gpu: Gpu, cosine: Float32Array<ArrayBuffer>, logScale: number, truth: boolean[][], by?: string) {
  using _scope = gpu.scope();
  const [rows, columns] = [truth.length, truth[0].length];
  const x = GpuArray.from(gpu, cosine, [rows, columns]);
  const s = GpuArray.from(gpu, Float32Array.of(logScale), [1]);
  const targets = uploadTargets(
    gpu,
    infoNceTargets(rows, columns, (i, j) => truth[i][j]),
    [rows, columns],
  );
  const { loss, logSumExp } = gpu.tuned(by ? { rows: by } : {}, () => infoNce(x, s, targets));
  const d = infoNceBackward(GpuArray.from(gpu, Float32Array.of(0.7), [1]), x, s, targets, logSumExp);
  return { loss: (await loss.read())[0], dCosine: await d.cosine.read(), dScale: await d.logScale.read() };
}

suite('info_nce', () => {
  for (const [name, truth] of Object.entries(TRUTHS)) {
    for (const logScale of [0, Math.log(1 / 0.07), Math.log(100)]) {
      test(`${name}, scale ${Math.exp(logScale).toFixed(0)}: forward and gradients`, async (t) => {
        const gpu = await t.gpu();
        const cosine = noise(1, truth.length * truth[0].length);
        const stored = Math.fround(logScale);
        // A GPU's variant at the middle scale.
        const got = await run(gpu, cosine, logScale, truth, logScale > 0 && logScale < 3 ? 'workgroup' : 'invocation');
        assertClose([got.loss], [reference(cosine, stored, truth)], { absolute: 2e-6, relative: 2e-6 }, 'loss');
        const dCosine = centralDifference((x) => [reference(x, stored, truth)], cosine, [0.7], 1e-4);
        assertClose(got.dCosine, dCosine, { absolute: 2e-5 * Math.exp(logScale) }, 'd cosine');
        const dScale = centralDifference((s) => [reference(cosine, s[0], truth)], [stored], [0.7]);
        assertClose(got.dScale, dScale, { absolute: 2e-5, relative: 2e-5 }, 'd scale');
      });
    }
  }

  test('more pictures and texts than a workgroup has', async (t) => {
    const gpu = await t.gpu();
    const [rows, columns] = [19, 37];
    const truth = Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => (i + j) % 5 === 0));
    const cosine = noise(2, rows * columns);
    const expected = reference(cosine, Math.fround(2), truth);
    for (const by of Object.keys(ROW_VARIANTS)) {
      const { loss } = await run(gpu, cosine, 2, truth, by);
      assertClose([loss], [expected], { absolute: 2e-6, relative: 2e-6 }, by);
    }
  });

  test('texts that are true of a picture pull on it as its own does, others push', async (t) => {
    const gpu = await t.gpu();
    const { dCosine } = await run(gpu, new Float32Array(9), 0, truthOf('11.', '11.', '..1'));
    assert.closeTo(dCosine[1], dCosine[0], 1e-7);
    assert.isBelow(dCosine[1], 0);
    assert.isAbove(dCosine[2], 0);
  });

  test('cosines that are right at the largest scale lose next to nothing', async (t) => {
    const gpu = await t.gpu();
    const cosine = Float32Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 1 : -1));
    const { loss, dCosine } = await run(gpu, cosine, Math.log(100), truthOf('1...', '.1..', '..1.', '...1'));
    assertClose([loss], [0], { absolute: 1e-5 });
    assertClose(dCosine, new Float32Array(16), { absolute: 1e-3 });
  });
});
