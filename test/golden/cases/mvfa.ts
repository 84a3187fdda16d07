import { rangesOf } from '../../../src/fusion/fuse.ts';
import { fuseScores } from '../../../src/fusion/index.ts';
import type { Mvfa } from '../../../src/fusion/methods/mvfa.ts';
import type { Gpu } from '../../../src/gpu/gpu.ts';
import { TEST } from '../pictures.ts';
import { type Bench, type Check, FULL_BATCHES, optionsOf, SINGLE_IMAGES, trained } from './bench.ts';
import type { GoldenCase } from './golden.ts';
import { acrossKinks } from './kinks.ts';

/**
 * MVFA on sets with masks or on image-level sets, with the bank and the fusion of its code.
 * @param reach largest rectifier input that counts as zero up to rounding
 */
export async function* mvfaCases(
  gpu: Gpu,
  bench: Bench,
  check: Check,
  kind: 'pixel' | 'image',
  reach: number,
): AsyncGenerator<GoldenCase> {
  yield* acrossKinks(gpu, reach, () => fullBatches(gpu, bench, check, kind));
  yield* acrossKinks(gpu, reach, () => singleImages(gpu, bench, check, kind));
}

/** The bank, the loss and the fusion of MVFA's code. */
const MVFA = { 'loss.det': 'mvfa', fuse: 'mvfa', 'memory.cls': 'true' };

/** Full batches: the first step, ten steps, and what is scored before and after them. */
async function* fullBatches(gpu: Gpu, bench: Bench, check: Check, kind: 'pixel' | 'image'): AsyncGenerator<GoldenCase> {
  const options = optionsOf('mvfa', MVFA);
  const tag = kind === 'pixel' ? 'mvfa.seg' : 'mvfa.det';
  const method = (await bench.method('mvfa', MVFA, kind)) as Mvfa;
  try {
    const predict = async function* (when: string): AsyncGenerator<GoldenCase> {
      using _scope = gpu.scope();
      const scorer = method.fit(bench.normalViews().map((images) => method.encode(images)));
      const scores = await scorer.score(method.encode(bench.upload(TEST)));
      scorer.release();
      const fused = fuseScores(scores, rangesOf(scores), options, kind);
      yield check(`${tag}.${when}.few_map`, scores.fewMap);
      yield check(`${tag}.${when}.score`, fused.score);
      if (kind === 'pixel') {
        yield check(`${tag}.${when}.zero_map`, scores.zeroMap);
        yield check(`${tag}.${when}.map`, fused.map);
      } else {
        yield check(`${tag}.${when}.zero_score`, Float32Array.from(scores.zeroMean));
        yield check(`${tag}.${when}.few_score`, Float32Array.from(scores.fewMean));
      }
    };
    if (kind === 'pixel') yield* features(gpu, bench, method, check);
    yield* predict('step0');
    const { losses, parts, gradients } = await trained(gpu, bench, method, kind, FULL_BATCHES);
    const sum = (of: (name: string) => boolean) =>
      Float32Array.of([...parts].reduce((total, [name, value]) => (of(name) ? total + value : total), 0));
    if (kind === 'pixel')
      yield check(
        `${tag}.step0.seg_loss`,
        sum((name) => !name.startsWith('bce')),
      );
    yield check(
      `${tag}.step0.det_loss`,
      sum((name) => name.startsWith('bce')),
    );
    for (const [name, gradient] of gradients) yield check(`${tag}.step0.grad.${name}`, gradient);
    yield check(`${tag}.losses`, losses);
    yield* predict('final');
  } finally {
    method.release();
  }
}

/** Image by image, as its code trains it. */
async function* singleImages(
  gpu: Gpu,
  bench: Bench,
  check: Check,
  kind: 'pixel' | 'image',
): AsyncGenerator<GoldenCase> {
  const method = await bench.method('mvfa', MVFA, kind);
  try {
    const { losses } = await trained(gpu, bench, method, kind, SINGLE_IMAGES);
    yield check(`mvfa.${kind === 'pixel' ? 'seg' : 'det'}.batch1.losses`, losses);
  } finally {
    method.release();
  }
}

/** Adapted tokens of every head and layer, class token first. */
async function* features(gpu: Gpu, bench: Bench, method: Mvfa, check: Check): AsyncGenerator<GoldenCase> {
  using _scope = gpu.scope();
  for (const [layer, { cls, patches }] of method.encode(bench.upload(TEST)).features) {
    for (const branch of ['seg', 'det'] as const) {
      const first = await method.adapt(cls, { branch, layer }).read();
      const rest = await method.adapt(patches, { branch, layer }).read();
      const images = TEST.map((_, b) => {
        const part = (values: Float32Array) =>
          values.subarray((b * values.length) / TEST.length, ((b + 1) * values.length) / TEST.length);
        return [...part(first), ...part(rest)];
      });
      yield check(`mvfa.step0.${branch}.${layer}`, Float32Array.from(images.flat()));
    }
  }
}
