import type { GpuArray } from '../../gpu/array.ts';
import type { Encoded, FeatureOptions } from '../features.ts';
import { type BranchScores, oneBranch } from '../fuse.ts';
import { MemoryBank } from '../memory_bank.ts';
import type { FusionOptions } from '../options.ts';
import { copyOf, imageMeans, readTogether } from '../predict.ts';
import type { Method, ModelParts, Remembered, Scorer } from './method.ts';
import { harmonicMean, WINDOW_SIDES, WinClip, winclipText } from './winclip.ts';

/**
 * WinCLIP+: half the cosine distance to the nearest window (by side) and the nearest patch of the normal support images,
 * averaged over the three scales, fused with WinCLIP on the patch grid (`winclip.fuse`). The image score is the mean of
 * the class token's and of the largest distance.
 */
class WinClipPlus extends WinClip {
  constructor(parts: ModelParts, text: GpuArray) {
    super(parts, needs(parts.options, parts.vision.config.vision.layers), text);
  }

  override fit(support: Remembered): WinClipPlusScorer {
    if (support instanceof MemoryBank) return new WinClipPlusScorer(this, support);
    const scorer = new WinClipPlusScorer(this);
    try {
      for (const entry of support) scorer.remember(entry);
      return scorer;
    } catch (error) {
      scorer.release();
      throw error;
    }
  }
}

/** WinCLIP+ with its bank. */
export class WinClipPlusScorer implements Scorer {
  readonly #method: WinClip;
  readonly bank: MemoryBank;

  /** @param bank of support images that were remembered before; released with this */
  constructor(method: WinClip, bank = new MemoryBank(method.gpu)) {
    this.#method = method;
    this.bank = bank;
  }

  /** Puts a normal support image into the bank. */
  remember(entry: Encoded): void {
    for (const [key, rows] of comparedRows(entry)) this.bank.add(key, copyOf(rows));
  }

  async score(images: Encoded, skip: number | null = null): Promise<BranchScores> {
    const method = this.#method;
    using job = method.gpu.job();
    const distances = job.do(() => this.#distances(images, skip));
    const { cls, grid: zero, more } = await method.textScores(images, distances);
    const few = this.#meanDistance(images, more);
    const fused = fuseGrids(zero, few, method.options['winclip.fuse']);
    const patches = few.length / cls.length;
    const ownScore = Float32Array.from(cls, (p, i) =>
      few.subarray(i * patches, (i + 1) * patches).reduce((most, d) => Math.max(most, (p + d) / 2), 0),
    );
    return oneBranch(await method.upsample(fused, images), imageMeans(fused, cls.length), ownScore);
  }

  /** Distances to the bank on the patch grid, mean over the scales: [B, N]. */
  async distances(images: Encoded, skip: number | null = null): Promise<Float32Array<ArrayBuffer>> {
    const { gpu } = this.#method;
    using job = gpu.job();
    const read = await readTogether(
      gpu,
      job.do(() => this.#distances(images, skip)),
    );
    return this.#meanDistance(
      images,
      read.map((one) => one!),
    );
  }

  /** Distances to the bank of patches and windows, in the order of {@link comparedRows}. */
  #distances(images: Encoded, skip: number | null): GpuArray[] {
    return comparedRows(images).map(([key, rows]) => this.bank.distance(new Map([[key, rows]]), skip));
  }

  #meanDistance(images: Encoded, distances: readonly Float32Array<ArrayBuffer>[]): Float32Array<ArrayBuffer> {
    const scales = comparedRows(images).map(([key], i) => {
      // Rounding can put a row's distance to its equal below zero.
      const half = distances[i].map((d) => Math.max(0, d) / 2);
      return key === 'patch' ? half : this.#method.overPatches(half, Number(key));
    });
    return Float32Array.from(scales[0], (_, i) => scales.reduce((sum, scale) => sum + scale[i], 0) / scales.length);
  }

  release(): void {
    this.bank.release();
  }
}

/** Rows [n, ...] that are compared: patches of the last block, and windows by side. */
function comparedRows({ features, windows }: Encoded): [string, GpuArray][] {
  return [
    ...[...features.values()].map(({ patches }): [string, GpuArray] => ['patch', patches.value]),
    ...[...windows!].map(([side, embeddings]): [string, GpuArray] => [String(side), embeddings]),
  ];
}

/** Both grids as one. */
function fuseGrids(
  zero: Float32Array<ArrayBuffer>,
  few: Float32Array<ArrayBuffer>,
  how: FusionOptions['winclip.fuse'],
): Float32Array<ArrayBuffer> {
  if (how === 'harmonic') return harmonicMean([zero, few]).map((value) => value / 2);
  return zero.map((z, i) => (how === 'mean' ? (z + few[i]) / 2 : z + few[i]));
}

function needs({ tokens }: FusionOptions, blocks: number): FeatureOptions {
  return { layers: [blocks], tokens, embedding: true, windows: WINDOW_SIDES };
}

/** `--method winclip+` */
export const winclipPlus: Method = {
  needs,
  create: async (parts) => new WinClipPlus(parts, await winclipText(parts)),
};
