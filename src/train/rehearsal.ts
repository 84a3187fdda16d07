import type { FileSystem } from '../base/file_system.ts';
import { unlessStopped } from '../base/turn.ts';
import type { Sample } from '../data/layout/dataset.ts';
import type { Detector } from '../detect/detector.ts';
import { readPicture, toInput } from '../detect/pictures.ts';
import { type ScoringItem, scoreSet } from '../detect/scoring.ts';
import type { RangedScorer, SupportSet } from '../detect/support_set.ts';
import { auroc } from '../metrics/auroc.ts';
import { rankPixels } from '../metrics/ranking.ts';

/** Seconds of what comes after the steps of a training. */
export interface Rehearsed {
  /** Of making a scorer from weights. */
  readonly fit: number;
  /** Of reading an image and its mask. */
  readonly read: number;
  /** Of an image in the backbone. */
  readonly encode: number;
  /** Of the scores of an encoded image. */
  readonly score: number;
  /** Of a pixel AUROC, an image of it; 0 where metrics look at scores alone. */
  readonly rank: number;
}

/** Maps that are put in order; of a few of them most of the time is not their own. */
const RANKED = 32;

/** How a rehearsal reads images. */
export interface RehearsalOptions {
  readonly fs: FileSystem;
  /** Images that go through the model together. */
  readonly batch: number;
  readonly signal?: AbortSignal;
}

/**
 * Scores a few images and times it, after one that has compiled; null where the signal has fired meanwhile. Features that are kept
 * play no part.
 * @param samples at least one
 */
export async function rehearse(
  detector: Detector,
  memory: SupportSet,
  samples: readonly Sample[],
  { fs, batch, signal }: RehearsalOptions,
): Promise<Rehearsed | null> {
  try {
    await timed(detector, memory, fs, samples.slice(0, 1), signal);
    return await timed(detector, memory, fs, samples.slice(0, detector.passOf(batch)), signal);
  } catch (error) {
    // The training hears it where it can save its state.
    if (signal?.aborted && error === signal.reason) return null;
    throw error;
  }
}

async function timed(
  detector: Detector,
  memory: SupportSet,
  fs: FileSystem,
  samples: readonly Sample[],
  signal?: AbortSignal,
): Promise<Rehearsed> {
  const { gpu, kind, framing, statistics } = detector;
  const count = samples.length;
  const each = stopwatch();
  const inputs: Float32Array[] = [];
  const items: ScoringItem[] = [];
  for (const sample of samples) {
    const { pixels, mask } = await readPicture(fs, sample, framing);
    inputs.push(toInput(pixels, framing.norm, statistics));
    items.push({ id: sample.id, label: sample.label, mask, grey: null, trivial: null });
  }
  const read = each() / count;
  using job = gpu.job();
  await detector.prepare(`an encoding of ${count}`, () => detector.encode(inputs), signal);
  each(); // what was compiled is no part of it
  const encoded = job.do(() => detector.encode(inputs));
  await unlessStopped(gpu.idle(), signal);
  const encode = each() / count;
  const timing = async ({ images, ranges }: RangedScorer): Promise<Rehearsed> => {
    await gpu.idle();
    const fit = each();
    const { size, images: scored } = await scoreSet(
      detector,
      images,
      [{ items, files: count, encode: () => encoded }],
      { ranges, signal },
    );
    const score = each() / count;
    if (kind !== 'pixel') return { fit, read, encode, score, rank: 0 };
    const maps = Array.from({ length: RANKED }, (_, i) => scored[i % count]);
    auroc(rankPixels(maps.map(({ map, mask }) => ({ width: size, height: size, map, mask }))));
    return { fit, read, encode, score, rank: each() / RANKED };
  };
  return await memory.withScorer(timing, { signal });
}

/** Seconds since it was asked last. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const before = last;
    last = performance.now();
    return (last - before) / 1000;
  };
}
