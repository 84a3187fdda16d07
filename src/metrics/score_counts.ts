import { notANumber, oneStep, orderedKey, type Ranking, type ThresholdVisitor } from './ranking.ts';

/** Binary digits of a float32 that are counted by: sign, exponent and the first eleven of the fraction. */
const BITS = 20;
const DROPPED = 32 - BITS;

/** Scores that lie near each other are counted in one page of so many; pages are made when they are needed. */
const PAGE = 1 << 10;
const PAGES = 2 ** BITS / PAGE;

/** What is counted of each score of a page. */
interface Page {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly overlap: Float64Array;
}

/**
 * Scores of any number of voxels in at most 24 MB, as a ranking: each is counted by its first 20 bits, so that scores which differ by
 * less than a 2,048th part are ties. Lesion voxels have a weight besides, for the overlap of regions.
 */
export class ScoreCounts implements Ranking {
  positives = 0;
  negatives = 0;
  /** Regions that the weights of the lesion voxels are of. */
  lesions = 0;
  readonly #pages: (Page | undefined)[] = new Array(PAGES).fill(undefined);
  readonly #score = new Float32Array(1);
  readonly #bits = new Uint32Array(this.#score.buffer);

  /** @throws FusionclipError `not_finite` for a NaN */
  addNormal(score: number): void {
    const key = this.#keyOf(score);
    this.#pageOf(key).low[key % PAGE]++;
    this.negatives++;
  }

  /** @param share what a voxel is of its lesion: 1 / its voxels. @throws as {@link addNormal} */
  addLesion(score: number, share: number): void {
    const key = this.#keyOf(score);
    const page = this.#pageOf(key);
    page.high[key % PAGE]++;
    page.overlap[key % PAGE] += share;
    this.positives++;
  }

  /** Adds what others have counted. */
  addAll(other: ScoreCounts): void {
    this.positives += other.positives;
    this.negatives += other.negatives;
    this.lesions += other.lesions;
    for (const [i, from] of other.#pages.entries()) {
      if (!from) continue;
      const to = this.#pageOf(i * PAGE);
      for (const name of ['high', 'low', 'overlap'] as const) {
        for (let at = 0; at < PAGE; at++) to[name][at] += from[name][at];
      }
    }
  }

  readonly walk = (visit: ThresholdVisitor): void => {
    this.#walk((key, { high, low }, at) => visit(this.#scoreOf(key), high[at], low[at]));
  };

  readonly walkInSteps = oneStep(this.walk);

  /**
   * The exact area of `auproExact`: the mean over lesions of their covered share against the share of the normal voxels at or above
   * a score, from (0, 0), interpolated at `maxFpr` and divided by it. NaN without lesions or without normal voxels.
   */
  aupro(maxFpr = 0.3): number {
    if (this.lesions === 0 || this.negatives === 0) return Number.NaN;
    let [normal, covered] = [0, 0];
    let [fpr, pro] = [0, 0];
    let area = 0;
    let done = false;
    this.#walk((_, { low, overlap }, at) => {
      if (done) return;
      normal += low[at];
      covered += overlap[at];
      const [nextFpr, nextPro] = [normal / this.negatives, covered / this.lesions];
      if (nextFpr > maxFpr) {
        const end = pro + ((nextPro - pro) * (maxFpr - fpr)) / (nextFpr - fpr);
        area += ((maxFpr - fpr) * (pro + end)) / 2;
        done = true;
        return;
      }
      area += ((nextFpr - fpr) * (pro + nextPro)) / 2;
      [fpr, pro] = [nextFpr, nextPro];
    });
    return area / maxFpr;
  }

  /** Visits what was counted, highest first. */
  #walk(visit: (key: number, page: Page, at: number) => void): void {
    for (let i = PAGES - 1; i >= 0; i--) {
      const page = this.#pages[i];
      if (!page) continue;
      for (let at = PAGE - 1; at >= 0; at--) {
        if (page.high[at] + page.low[at] > 0) visit(i * PAGE + at, page, at);
      }
    }
  }

  #pageOf(key: number): Page {
    const i = Math.floor(key / PAGE);
    const known = this.#pages[i];
    if (known) return known;
    const made = { high: new Float64Array(PAGE), low: new Float64Array(PAGE), overlap: new Float64Array(PAGE) };
    this.#pages[i] = made;
    return made;
  }

  #keyOf(score: number): number {
    if (Number.isNaN(score)) throw notANumber('a voxel');
    this.#score[0] = score;
    return orderedKey(this.#bits[0]) >>> DROPPED;
  }

  /** The lowest score that is counted under a key. */
  #scoreOf(key: number): number {
    const ordered = (key << DROPPED) >>> 0;
    this.#bits[0] = ordered & 0x80000000 ? ordered ^ 0x80000000 : ~ordered;
    return this.#score[0];
  }
}
