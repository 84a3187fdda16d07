import type { FileSystem } from '../base/file_system.ts';
import { inTurns, type Steps } from '../base/steps.ts';
import type { DatasetKind, Sample } from '../data/layout/dataset.ts';
import { auroc, aurocTally } from '../metrics/auroc.ts';
import { rankPixelsInSteps, rankScores } from '../metrics/ranking.ts';
import type { TrainOptions } from '../run/options.ts';
import type { Choice, SelectionScore } from '../run/run_state.ts';
import type { Detector } from './detector.ts';
import { FeatureCache, type ImageBatch } from './feature_cache.ts';
import { readPicture, toInput } from './pictures.ts';
import { type ScoredSet, type ScoringItem, sampleBatches, scoreSet, storedBatches } from './scoring.ts';
import { hasBothClasses } from './set_metrics.ts';
import type { RangedScorer } from './support_set.ts';

/** Which of a run's weights are scored. */
export type ScoredWeights = Pick<Choice, 'candidate' | 'step'>;

/** Where a contest gets its images from. */
export interface ValidationContext {
  readonly fs: FileSystem;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * The images that weights are compared on: those of `valid` that are not support, or `test` for the oracle. Their
 * features are computed at the first use and kept, when they fit into `eval.cache`.
 */
export class ValidationSet {
  readonly samples: readonly Sample[];
  readonly #context: ValidationContext;
  readonly #detector: Detector;
  readonly #options: TrainOptions;
  #cached: { features: FeatureCache; items: readonly ScoringItem[] } | null = null;
  /** The scores of the last comparison. */
  #latest: { of: ScoredWeights; scored: ScoredSet } | null = null;

  constructor(detector: Detector, samples: readonly Sample[], options: TrainOptions, context: ValidationContext) {
    this.#context = context;
    this.#detector = detector;
    this.samples = samples;
    this.#options = options;
  }

  /** Whether there is a normal and an abnormal image to compare on. */
  get possible(): boolean {
    return hasBothClasses(this.samples);
  }

  /** Whether the features of the images are kept once they are computed. */
  get keepsFeatures(): boolean {
    const bytes = FeatureCache.bytesPerImage(this.#detector) * this.samples.length;
    return this.#detector.method.frozen && bytes <= this.#options['eval.cache'] * 2 ** 20;
  }

  /**
   * Scores the images, unless the last comparison was of the same weights.
   * @param of the scorer's weights, or null for others than a run has had
   * @throws FusionclipError `io`, `bad_image`, `bad_data` for images that cannot be read
   */
  async scores({ images, ranges, signal }: RangedScorer, of: ScoredWeights | null = null): Promise<ScoredSet> {
    const latest = this.#latest;
    this.#latest = null;
    if (latest && latest.of.candidate === of?.candidate && latest.of.step === of.step) return latest.scored;
    if (!this.#cached) await this.#prepare(signal);
    const batch = this.#options['eval.batch'];
    const batches = this.#cached
      ? storedBatches(this.#cached.features, this.#cached.items, batch)
      : sampleBatches(this.#context.fs, this.#detector, this.samples, batch);
    return scoreSet(this.#detector, images, batches, { ranges, signal });
  }

  /** Image and pixel AUROC of a scorer's weights. */
  async evaluate(scorer: RangedScorer, of: ScoredWeights): Promise<SelectionScore> {
    const scored = await this.scores(scorer, of);
    this.#latest = { of, scored };
    return inTurns(selectionScore(scored, this.#detector.kind), scorer.signal);
  }

  release(): void {
    this.#cached?.features.release();
    this.#cached = null;
    this.#latest = null;
  }

  /** Reads the images and keeps their features, if they fit. */
  async #prepare(signal?: AbortSignal): Promise<void> {
    const detector = this.#detector;
    const { fs, onProgress } = this.#context;
    if (!this.keepsFeatures) return;
    const features = new FeatureCache(detector);
    const items: ScoringItem[] = [];
    const { samples } = this;
    const batch = this.#options['eval.batch'];
    async function* batches(): AsyncGenerator<ImageBatch> {
      for (let start = 0; start < samples.length; start += batch) {
        const inputs = new Map<string, Float32Array<ArrayBuffer>>();
        for (const sample of samples.slice(start, start + batch)) {
          const { pixels, mask } = await readPicture(fs, sample, detector.framing);
          inputs.set(sample.id, toInput(pixels, detector.options.norm, detector.statistics));
          items.push({ id: sample.id, label: sample.label, mask, grey: null, trivial: null });
        }
        yield inputs;
      }
    }
    try {
      await features.fill(batches(), { total: samples.length, onProgress, signal });
      this.#cached = { features, items };
    } catch (error) {
      features.release();
      throw error;
    }
  }
}

/** The mean of image AUROC and, in sets with masks, pixel AUROC; in steps of an image. */
export function* selectionScore({ size, images }: ScoredSet, kind: DatasetKind): Steps<SelectionScore> {
  const labels = images.map(({ label }) => label ?? 0);
  const image = auroc(
    rankScores(
      labels,
      images.map(({ score }) => score),
    ),
  );
  if (kind === 'image') return { image, pixel: null, value: image };
  const ranking = yield* rankPixelsInSteps(images.map(({ map, mask }) => ({ width: size, height: size, map, mask })));
  const area = aurocTally(ranking);
  yield* ranking.walkInSteps(area.visit);
  const pixel = area.result();
  // Without a lesion in any mask there is no pixel AUROC, and NaN would win every comparison or none.
  return { image, pixel, value: Number.isNaN(pixel) ? image : (image + pixel) / 2 };
}
