import { FusionclipError } from '../base/errors.ts';
import { type BranchScores, type Encoded, type FusionRanges, MemoryBank, type Scorer } from '../fusion/index.ts';
import type { StoredBank } from '../fusion/memory_bank.ts';
import type { Detector } from './detector.ts';
import { FeatureCache, type ImageBatch } from './feature_cache.ts';
import { type Picture, toInput, viewsOf } from './pictures.ts';
import { branchScores, rangesOfAll, type ScoredSet, type ScoringBatch, scoreSet } from './scoring.ts';

/** What scores images: the weights of some moment with the memory bank. */
export interface RangedScorer {
  readonly images: Scorer;
  /** For `fuse calib`, else null. */
  readonly ranges: FusionRanges | null;
  /** Ends the scoring. */
  readonly signal?: AbortSignal;
}

/** How a scorer is made. */
export interface ScorerOptions {
  /** Ranges for `fuse calib` that were found before. */
  readonly known?: FusionRanges | null;
  /** Ends the making, and the scoring. */
  readonly signal?: AbortSignal;
}

/**
 * The support set at inference: its normal images fill the memory bank, and all of it can be scored with each normal
 * image left out of the bank in its turn.
 */
export class SupportSet {
  readonly #detector: Detector;
  readonly #normal: readonly Picture[];
  readonly #abnormal: readonly Picture[];
  readonly #cache: FeatureCache;
  /** The views of each normal image that are in the bank, by name; the images until their features are there. */
  readonly #views: readonly (readonly string[])[];
  #unseen: readonly ImageBatch[];
  readonly #features: StoredBank | null;

  /**
   * @param features what a bank of the normal images held before; then the images themselves need not be there
   * @param views makes the views of a normal image
   * @throws FusionclipError `bad_data` without either: there would be nothing to compare with
   */
  constructor(
    detector: Detector,
    normal: readonly Picture[],
    abnormal: readonly Picture[],
    features: StoredBank | null = null,
    views = viewsOf,
  ) {
    this.#features = features;
    if (normal.length === 0 && !features) {
      throw new FusionclipError(
        'bad_data',
        'The support set has no normal image, so there is nothing to compare with; ask for one.',
      );
    }
    this.#detector = detector;
    this.#normal = normal;
    this.#abnormal = abnormal;
    this.#cache = new FeatureCache(detector);
    const { options, statistics } = detector;
    this.#unseen = normal.map((picture, i) => {
      const all = views(picture, options['memory.augment'] ? 'mvfa' : 'none', options.norm, statistics);
      return new Map(all.map(({ name, input }) => [`normal.${i}#${name}`, input]));
    });
    this.#views = this.#unseen.map((images) => [...images.keys()]);
  }

  /** Runs `body` with a scorer for the weights of now. */
  async withScorer<T>(
    body: (scorer: RangedScorer) => Promise<T>,
    { known = null, signal }: ScorerOptions = {},
  ): Promise<T> {
    const detector = this.#detector;
    await this.#cache.fill(this.#unseen, { signal });
    this.#unseen = [];
    await detector.prepare('fit', () => this.#fit().release(), signal);
    const images = this.#fit();
    try {
      const ranges = known ?? (detector.options.fuse === 'calib' ? await this.ranges(images, signal) : null);
      return await body({ images, ranges, signal });
    } finally {
      images.release();
    }
  }

  #fit(): Scorer {
    const { method, gpu } = this.#detector;
    return method.fit(this.#features ? MemoryBank.of(gpu, this.#features) : this.#entries());
  }

  /** The normal images one after the other with all their views, each in a scope that ends when the next is asked for. */
  *#entries(): Generator<Encoded> {
    for (const names of this.#views) {
      using _scope = this.#detector.gpu.scope();
      yield this.#cache.get(names);
    }
  }

  /** Ranges of both branches over the support set, for `fuse calib`. */
  async ranges(scorer: Scorer, signal?: AbortSignal): Promise<FusionRanges> {
    const all: BranchScores[] = [];
    for await (const { scores } of branchScores(this.#detector, scorer, this.#batches(), { signal })) all.push(scores);
    return rangesOfAll(all);
  }

  /** The support set scored like a test set; for thresholds where no other image is there. */
  score({ images, ranges, signal }: RangedScorer): Promise<ScoredSet> {
    return scoreSet(this.#detector, images, this.#batches(), { ranges, signal });
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#cache.release();
  }

  /** Each support image by itself; a normal one does not see itself in the bank. */
  #batches(): ScoringBatch[] {
    const { options, statistics } = this.#detector;
    const batch = ({ pixels, mask }: Picture, label: 0 | 1, skip: number | null, id: string): ScoringBatch => ({
      items: [{ id, label, mask, grey: null, trivial: null }],
      files: 1,
      skip,
      encode: () => this.#detector.encode([toInput(pixels, options.norm, statistics)]),
    });
    // A single normal image cannot be left out: the bank would be empty.
    const normal = this.#normal.length > 1 ? this.#normal : [];
    const out = [
      ...normal.map((picture, i) => batch(picture, 0, i, `support ${i}`)),
      ...this.#abnormal.map((picture, i) => batch(picture, 1, null, `support ${normal.length + i}`)),
    ];
    if (out.length > 0) return out;
    throw new FusionclipError(
      'usage',
      this.#normal.length === 0
        ? 'Without the support images there is nothing to calibrate on; put their data set back, or use --fuse april.'
        : 'With one normal and no abnormal support image nothing is left to calibrate on; use --shots 2 or --fuse april.',
    );
  }
}
