import { FusionclipError } from '../base/errors.ts';
import {
  type BranchScores,
  type Encoded,
  type FusionRanges,
  fuseScores,
  type Scorer,
  MemoryBank,
} from '../fusion/index.ts';
import type { StoredBank } from '../fusion/memory_bank.ts';
import type { Detector } from './detector.ts';
import { FeatureStore } from './feature_store.ts';
import { type Picture, viewsOf } from './pictures.ts';
import { rangesOfAll, type ScoredImage, type ScoredSet, withClassScores } from './scoring.ts';

/** What scores images: the weights of some moment with the memory bank. */
export interface RangedScorer {
  readonly images: Scorer;
  /** For `fuse calib`, else null. */
  readonly ranges: FusionRanges | null;
}

/**
 * The support set at inference: its normal images fill the memory bank, and all of it can be scored with each normal
 * image left out of the bank in its turn.
 */
export class SupportSet {
  readonly #detector: Detector;
  readonly #normal: readonly Picture[];
  readonly #abnormal: readonly Picture[];
  readonly #store: FeatureStore;
  /** Views of each normal image that are in the bank. */
  #viewNames: readonly string[] = [];
  readonly #features: StoredBank | null;

  /**
   * @param features what a bank of the normal images held before; then the images themselves need not be there
   * @throws FusionclipError `bad_data` without either: there would be nothing to compare with
   */
  constructor(
    detector: Detector,
    normal: readonly Picture[],
    abnormal: readonly Picture[],
    features: StoredBank | null = null,
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
    this.#store = new FeatureStore(detector);
    const { options, statistics } = detector;
    normal.forEach((picture, i) => {
      const views = viewsOf(picture, options['memory.augment'] ? 'mvfa' : 'none', options.norm, statistics);
      this.#store.add(new Map(views.map(({ name, input }) => [`normal.${i}#${name}`, input])));
      this.#viewNames = views.map(({ name }) => name);
    });
  }

  /**
   * Runs `body` with a scorer for the weights of now.
   * @param known ranges for `fuse calib` that were found before
   */
  async withScorer<T>(body: (scorer: RangedScorer) => Promise<T>, known: FusionRanges | null = null): Promise<T> {
    const { method, gpu } = this.#detector;
    const images = method.fit(this.#features ? MemoryBank.of(gpu, this.#features) : this.#entries());
    try {
      const wanted = this.#detector.options.fuse === 'calib';
      const ranges = known ?? (wanted ? await this.ranges(images) : null);
      return await body({ images, ranges });
    } finally {
      images.release();
    }
  }

  /** The normal images one after the other with all their views, each in a scope that ends when the next is asked for. */
  *#entries(): Generator<Encoded> {
    for (const i of this.#normal.keys()) {
      using _scope = this.#detector.gpu.scope();
      yield this.#store.get(this.#viewNames.map((name) => `normal.${i}#${name}`));
    }
  }

  /** Ranges of both branches over the support set, for `fuse calib`. */
  async ranges(images: Scorer): Promise<FusionRanges> {
    return rangesOfAll((await this.#branches(images)).map(({ scores }) => scores));
  }

  /** The support set scored like a test set; for thresholds where no other image is there. */
  async score({ images: scorer, ranges }: RangedScorer): Promise<ScoredSet> {
    const { options, kind, vision } = this.#detector;
    const branches = await this.#branches(scorer);
    const used = options.fuse === 'mvfa' ? rangesOfAll(branches.map(({ scores }) => scores)) : ranges;
    const late = options['score.cls'] === 'april';
    const images = branches.map(({ picture, label, scores }, i): ScoredImage => {
      const own = late ? { ...scores, clsScore: null } : scores;
      const fused = fuseScores(own, options.fuse === 'april' ? null : used, options, kind);
      const { map, score, scoreMax, scoreMean } = fused;
      return {
        id: `support ${i}`,
        label,
        mask: picture.mask,
        grey: null,
        trivial: null,
        map,
        score: score[0],
        scoreMax: scoreMax[0],
        scoreMean: scoreMean[0],
      };
    });
    return {
      size: vision.size,
      images: withClassScores(images, late ? branches.flatMap(({ scores }) => [...(scores.clsScore ?? [])]) : []),
    };
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.#store.release();
  }

  /** Both branches of each support image; a normal one does not see itself in the bank. */
  async #branches(scorer: Scorer): Promise<{ picture: Picture; label: 0 | 1; scores: BranchScores }[]> {
    const { gpu, options, statistics } = this.#detector;
    const out: { picture: Picture; label: 0 | 1; scores: BranchScores }[] = [];
    const add = async (picture: Picture, label: 0 | 1, skip: number | null) => {
      using job = gpu.job();
      const [{ input }] = viewsOf(picture, 'none', options.norm, statistics);
      const scores = await job.do(() => scorer.score(this.#detector.encode([input]), skip));
      out.push({ picture, label, scores });
    };
    // A single normal image cannot be left out: the bank would be empty.
    if (this.#normal.length > 1) for (const [i, picture] of this.#normal.entries()) await add(picture, 0, i);
    for (const picture of this.#abnormal) await add(picture, 1, null);
    if (out.length === 0) {
      throw new FusionclipError(
        'usage',
        this.#normal.length === 0
          ? 'Without the support images there is nothing to calibrate on; put their data set back, or use --fuse april.'
          : 'With one normal and no abnormal support image nothing is left to calibrate on; use --shots 2 or --fuse april.',
      );
    }
    return out;
  }
}
