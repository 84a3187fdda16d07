import { resizeForClip } from '../clip/index.ts';
import type { FileSystem } from '../data/file_system.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readSample } from '../data/layout/open.ts';
import type { Detector } from './detector.ts';
import { FeatureStore } from './feature_store.ts';
import { hasBothClasses } from './judge.ts';
import type { SupportMemory } from './memory.ts';
import { auroc } from './metrics/auroc.ts';
import { rankPixels, rankScores } from './metrics/ranking.ts';
import type { TrainOptions } from './options.ts';
import { maskOf, toInput } from './pictures.ts';
import {
  type ScoredSet,
  type ScoringBatch,
  type ScoringItem,
  sampleBatches,
  scoreSet,
  storedBatches,
} from './scoring.ts';

/** What weights are compared by. */
export interface SelectionScore {
  /** Image AUROC. */
  readonly image: number;
  /** Pixel AUROC; null for image-level sets. */
  readonly pixel: number | null;
  /** Their mean: larger is better. */
  readonly value: number;
}

/**
 * The images that weights are compared on: those of `valid` that are not support, or `test` for the oracle. Their
 * features are computed once when they fit into `eval.cache`.
 */
export class Contest {
  readonly #fs: FileSystem;
  readonly #detector: Detector;
  readonly #memory: SupportMemory;
  readonly #samples: readonly Sample[];
  readonly #options: TrainOptions;
  #cached: { store: FeatureStore; items: readonly ScoringItem[] } | null = null;

  constructor(
    fs: FileSystem,
    detector: Detector,
    memory: SupportMemory,
    samples: readonly Sample[],
    options: TrainOptions,
  ) {
    this.#fs = fs;
    this.#detector = detector;
    this.#memory = memory;
    this.#samples = samples;
    this.#options = options;
  }

  /** Whether there is a normal and an abnormal image to compare on. */
  get possible(): boolean {
    return hasBothClasses(this.#samples);
  }

  /** Reads the images and keeps their features, if they fit. Throws `io`, `bad_image`, `bad_data`. */
  async prepare(onProgress?: (done: number, total: number) => void, signal?: AbortSignal): Promise<void> {
    const detector = this.#detector;
    const bytes = FeatureStore.bytesPerImage(detector) * this.#samples.length;
    if (!detector.frozen || bytes > this.#options['eval.cache'] * 2 ** 20) return;
    const store = new FeatureStore(detector);
    const items: ScoringItem[] = [];
    this.#cached = { store, items };
    const { size } = detector.vision;
    const batch = this.#options['eval.batch'];
    for (let start = 0; start < this.#samples.length; start += batch) {
      signal?.throwIfAborted();
      const inputs = new Map<string, Float32Array<ArrayBuffer>>();
      for (const sample of this.#samples.slice(start, start + batch)) {
        const image = await readSample(this.#fs, sample);
        inputs.set(sample.id, toInput(resizeForClip(image, 'winclip', size), detector.options.norm));
        const mask = await maskOf(this.#fs, sample, image, size);
        items.push({ id: sample.id, label: sample.label, mask, grey: null, trivial: null });
      }
      store.add(inputs);
      await detector.gpu.idle();
      onProgress?.(items.length, this.#samples.length);
    }
  }

  /** Scores the images with the weights of now. */
  async scores(signal?: AbortSignal): Promise<ScoredSet> {
    const predictor = this.#detector.predictor();
    try {
      this.#memory.fill(predictor);
      const ranges = this.#detector.options.fuse === 'calib' ? await this.#memory.ranges(predictor) : null;
      return await scoreSet(this.#detector, predictor, this.#batches(), { ranges, signal });
    } finally {
      predictor.release();
    }
  }

  /** Image and pixel AUROC of the weights of now. */
  async evaluate(signal?: AbortSignal): Promise<SelectionScore> {
    return selectionScore(await this.scores(signal), this.#detector.kind);
  }

  release(): void {
    this.#cached?.store.release();
    this.#cached = null;
  }

  #batches(): AsyncIterable<ScoringBatch> {
    const batch = this.#options['eval.batch'];
    if (this.#cached) return storedBatches(this.#cached.store, this.#cached.items, batch);
    return sampleBatches(this.#fs, this.#detector, this.#samples, batch);
  }
}

/** The mean of image AUROC and, in sets with masks, pixel AUROC. */
export function selectionScore({ size, images }: ScoredSet, kind: 'pixel' | 'image'): SelectionScore {
  const labels = images.map(({ label }) => label ?? 0);
  const image = auroc(
    rankScores(
      labels,
      images.map(({ score }) => score),
    ),
  );
  if (kind === 'image') return { image, pixel: null, value: image };
  const pixel = auroc(rankPixels(images.map(({ map, mask }) => ({ width: size, height: size, map, mask }))));
  return { image, pixel, value: (image + pixel) / 2 };
}
