import { assert } from 'chai';
import type { ClipConfig } from '../../src/clip/config.ts';
import { GeneratedClipModel } from '../../src/clip/generate.ts';
import { clipShapes } from '../../src/clip/names.ts';
import { GpuArray } from '../../src/gpu/array.ts';
import { infoNceTargets, uploadIndex, uploadTargets } from '../../src/kernels/index.ts';
import { Tape } from '../../src/nn/index.ts';
import { DualEncoder } from '../../src/pretrain/dual_encoder.ts';
import { assertClose, noise } from '../harness/close.ts';
import { suiteInTurn, test } from '../harness/registry.ts';
import { clipLoss64, type Region64 } from './clip64.ts';

const CONFIG: ClipConfig = {
  embed: 12,
  vision: { width: 16, layers: 2, heads: 2, mlp: 64, patch: 4, nativeSize: 12 },
  text: { width: 8, layers: 2, heads: 1, mlp: 32, context: 6, vocab: 11 },
  act: 'gelu',
  eot: 10,
};
/** Unequal lengths, and one sentence twice. */
const SENTENCES = [
  [9, 1, 2, 3, 10],
  [9, 4, 10],
  [9, 1, 2, 3, 10],
  [9, 5, 5, 6, 7, 10],
];
/** Whether sentence j is true of picture i. */
const TRUTH = SENTENCES.map((own) => SENTENCES.map((other) => String(own) === String(other)));
/** Two regions of one picture that are the same patch, one that nothing is true of, and one of another picture. */
const REGIONS: readonly Region64[] = [
  { picture: 1, patch: 4, truth: TRUTH[1] },
  { picture: 1, patch: 4, truth: TRUTH[0] },
  { picture: 0, patch: 8, truth: [false, false, false, false] },
  { picture: 3, patch: 0, truth: TRUTH[3] },
  { picture: 2, patch: 0, truth: TRUTH[2] },
];

suiteInTurn('pre-training loss', () => {
  for (const regions of [[], REGIONS]) {
    test(`${regions.length} regions: loss and the gradient of every tensor agree with float64`, async (t) => {
      const gpu = await t.gpu();
      using _scope = gpu.scope();
      const generated = new GeneratedClipModel(CONFIG, 5);
      const weights = new Map<string, Float64Array>();
      for (const name of clipShapes(CONFIG).keys()) weights.set(name, Float64Array.from(await generated.read(name)));
      // At CLIP's largest scale the softmax is so sharp that differences say little.
      weights.set('logit_scale', Float64Array.of(2));
      const images = noise(1, SENTENCES.length * 3 * 12 * 12);
      const model = await DualEncoder.load(gpu, generated, CONFIG.vision.nativeSize);
      try {
        model.logScale.value.write(Float32Array.of(2));
        const tape = new Tape();
        const pictures = GpuArray.from(gpu, images, [SENTENCES.length, 3, 12, 12]);
        const targets = (truth: readonly (readonly boolean[])[]) => {
          const host = infoNceTargets(truth.length, 4, (i, j) => truth[i][j]);
          return uploadTargets(gpu, host, [truth.length, 4]);
        };
        const batch = {
          ...{ images: pictures, sentences: SENTENCES, targets: targets(TRUTH) },
          ...(regions.length > 0 && {
            regions: {
              tokens: uploadIndex(
                gpu,
                regions.map(({ picture, patch }) => picture * 10 + 1 + patch),
              ),
              targets: targets(regions.map(({ truth }) => truth)),
            },
          }),
        };
        const loss = tape.record(() => model.loss(batch));
        tape.backward(loss, GpuArray.from(gpu, Float32Array.of(1), [1]));
        assertClose(
          await loss.read(),
          [clipLoss64(CONFIG, weights, images, SENTENCES, TRUTH, regions)],
          { absolute: 1e-5 },
          'loss',
        );

        assert.deepEqual(new Set(model.parameters.keys()), new Set(weights.keys()));
        for (const [name, parameter] of model.parameters) {
          const gradient = await parameter.grad!.read();
          const at = weights.get(name)!;
          const direction = noise(3, at.length);
          const shifted = (step: number) =>
            clipLoss64(
              CONFIG,
              new Map([...weights, [name, at.map((v, i) => v + step * direction[i])]]),
              images,
              SENTENCES,
              TRUTH,
              regions,
            );
          const slope = (shifted(1e-5) - shifted(-1e-5)) / 2e-5;
          const got = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
          const size = Math.hypot(...gradient) * Math.hypot(...direction);
          assert.isAbove(size, 0, name);
          assert.closeTo(got, slope, 2e-5 * size + 1e-6, name);
        }
      } finally {
        model.release();
      }
    });
  }

  test('the scale stays between 1 and 100', async (t) => {
    const gpu = await t.gpu();
    using _scope = gpu.scope();
    const model = await DualEncoder.load(gpu, new GeneratedClipModel(CONFIG, 5), 12);
    try {
      for (const [from, to] of [
        [5, Math.log(100)],
        [-1, 0],
        [2, 2],
      ]) {
        model.logScale.value.write(Float32Array.of(from));
        model.clampScale();
        assertClose(await model.logScale.read(), [to], { relative: 1e-7 });
      }
    } finally {
      model.release();
    }
  });
});
