import { notANumber, orderedKey, type Ranking, type ThresholdVisitor } from './ranking.ts';

/** Binary digits of a float32 that are counted by: sign, exponent and the first eleven of the fraction. */
const BITS = 20;
const DROPPED = 32 - BITS;

/**
 * Scores of any number of voxels in 24 MB, as a ranking: each is counted by its first 20 bits, so that scores which differ by less
 * than a 2,048th part are ties. Lesion voxels have a weight besides, for the overlap of regions.
 */
export class ScoreCounts implements Ranking {
  positives = 0;
  negatives = 0;
  /** Regions that the weights of the lesion voxels are of. */
  lesions = 0;
  readonly #high = new Float64Array(1 << BITS);
  readonly #low = new Float64Array(1 << BITS);
  readonly #overlap = new Float64Array(1 << BITS);
  readonly #score = new Float32Array(1);
  readonly #bits = new Uint32Array(this.#score.buffer);

  /** @throws FusionclipError `not_finite` for a NaN */
  addNormal(score: number): void {
    this.#low[this.#keyOf(score)]++;
    this.negatives++;
  }

  /** @param share what a voxel is of its lesion: 1 / its voxels. @throws as {@link addNormal} */
  addLesion(score: number, share: number): void {
    const key = this.#keyOf(score);
    this.#high[key]++;
    this.#overlap[key] += share;
    this.positives++;
  }

  /** Adds what others have counted. */
  addAll(other: ScoreCounts): void {
    this.positives += other.positives;
    this.negatives += other.negatives;
    this.lesions += other.lesions;
    for (let i = 0; i < 1 << BITS; i++) {
      this.#high[i] += other.#high[i];
      this.#low[i] += other.#low[i];
      this.#overlap[i] += other.#overlap[i];
    }
  }

  readonly walk = (visit: ThresholdVisitor): void => {
    for (let key = (1 << BITS) - 1; key >= 0; key--) {
      if (this.#high[key] + this.#low[key] > 0) visit(this.#scoreOf(key), this.#high[key], this.#low[key]);
    }
  };

  /**
   * The exact area of `auproExact`: the mean over lesions of their covered share against the share of the normal voxels at or above
   * a score, from (0, 0), interpolated at `maxFpr` and divided by it. NaN without lesions or without normal voxels.
   */
  aupro(maxFpr = 0.3): number {
    if (this.lesions === 0 || this.negatives === 0) return Number.NaN;
    let [normal, covered] = [0, 0];
    let [fpr, pro] = [0, 0];
    let area = 0;
    for (let key = (1 << BITS) - 1; key >= 0; key--) {
      if (this.#high[key] + this.#low[key] === 0) continue;
      normal += this.#low[key];
      covered += this.#overlap[key];
      const [nextFpr, nextPro] = [normal / this.negatives, covered / this.lesions];
      if (nextFpr > maxFpr) {
        const end = pro + ((nextPro - pro) * (maxFpr - fpr)) / (nextFpr - fpr);
        return (area + ((maxFpr - fpr) * (pro + end)) / 2) / maxFpr;
      }
      area += ((nextFpr - fpr) * (pro + nextPro)) / 2;
      [fpr, pro] = [nextFpr, nextPro];
    }
    return area / maxFpr;
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
