import { ruleStream } from '../base/rule.ts';
import { type Affine, warp } from '../data/augment.ts';
import type { Image } from '../data/image.ts';

/** A patch of a picture of a batch that learns what is said of it, as a whole picture does. */
export interface Region {
  /** Number of its picture in the batch. */
  readonly picture: number;
  /** Number of the patch, row by row. */
  readonly patch: number;
  /** The picture of the batch whose captions are true of it. */
  readonly like: number;
}

/** What is drawn from: a picture of a batch. */
export interface RegionSource {
  /** Number of the pair in the run. */
  readonly index: number;
  /** Part of every patch that is lesion; null where it is not known, or there is none. */
  readonly lesion: Float32Array | null;
  /** Number in the batch of the same anatomy under the same view without the lesion; -1 when it is not there. */
  readonly twin: number;
}

/** A patch with less lesion than this is drawn only where no patch has more. */
const LEAST = 0.3;

/**
 * Part of every patch that a mask covers under a view: [grid²], 0 to 1.
 * @param mask square, one channel, 255 on the lesion
 */
export function patchCoverage(mask: Image, theta: Affine, patch: number): Float32Array<ArrayBuffer> {
  const { width, data } = mask;
  const grid = Math.floor(width / patch);
  const seen = warp(Float32Array.from(data), width, { name: '', theta });
  const covered = new Float32Array(grid * grid);
  for (let y = 0; y < grid * patch; y++) {
    for (let x = 0; x < grid * patch; x++) {
      covered[grid * Math.floor(y / patch) + Math.floor(x / patch)] += seen[y * width + x];
    }
  }
  return covered.map((sum) => sum / (255 * patch * patch));
}

/**
 * Regions of a batch. Of every diseased picture whose healthy twin is there: `count` patches on the lesion, which its
 * captions are true of; the same patches of the twin, and `count` patches without lesion, which the captions of the twin are
 * true of. So a patch learns to say what is at its place, and not what is somewhere in the picture. Patches may come
 * twice. A pure function of seed and numbers.
 */
export function drawRegions(seed: number, count: number, batch: readonly RegionSource[]): Region[] {
  const stream = ruleStream('pretrain.region', seed);
  const regions: Region[] = [];
  batch.forEach(({ index, lesion, twin }, picture) => {
    if (!lesion || twin < 0) return;
    const inside = lesion.map((part) => Math.max(0, part - LEAST));
    const on = inside.some((weight) => weight > 0) ? inside : lesion;
    const off = lesion.map((part) => Number(part === 0));
    for (let n = 0; n < count; n++) {
      const [first, second] = [0, 1].map((k) => stream(2 * (index * count + n) + k) / 2 ** 32);
      const patch = pick(on, first);
      if (patch >= 0) regions.push({ picture, patch, like: picture }, { picture: twin, patch, like: twin });
      const beside = pick(off, second);
      if (beside >= 0) regions.push({ picture, patch: beside, like: twin });
    }
  });
  return regions;
}

/** The number that a draw from [0, 1) falls on, as likely as its weight; -1 when all weights are 0. */
function pick(weights: Float32Array, draw: number): number {
  let left = draw * weights.reduce((sum, weight) => sum + weight, 0);
  let last = -1;
  for (let i = 0; i < weights.length; i++) {
    if (weights[i] === 0) continue;
    last = i;
    left -= weights[i];
    if (left < 0) break;
  }
  return last;
}
