/**
 * Scores of two classes in descending order, which is all that AUROC, average precision and F1 need.
 *
 * Two forms with one face: {@link rankScores} for one score per image, and {@link rankPixels} for one per pixel.
 */
import { FusionclipError } from '../base/errors.ts';
import { allSteps, type Steps } from '../base/steps.ts';

/** Called once per distinct score with how many positives and negatives have exactly this score. */
export type ThresholdVisitor = (score: number, positives: number, negatives: number) => void;

/** Scores with labels, ready to be walked through. */
export interface Ranking {
  readonly positives: number;
  readonly negatives: number;
  /** Visits the distinct scores, highest first. */
  walk(visit: ThresholdVisitor): void;
  /** The same in steps. */
  walkInSteps(visit: ThresholdVisitor): Steps<void>;
}

/** A metric that is added up on a walk, so that several can share one. */
export interface Tally<T> {
  readonly visit: ThresholdVisitor;
  readonly result: () => T;
}

/** The metric of a tally on a walk of its own. */
export function walked<T>(ranking: Ranking, { visit, result }: Tally<T>): T {
  ranking.walk(visit);
  return result();
}

/** The scores of one image: `map` [height, width], `mask` {0, not 0} of the same size, or null when all is normal. */
export interface ScoredMap {
  readonly width: number;
  readonly height: number;
  readonly map: Float32Array;
  readonly mask: Uint8Array | null;
}

/**
 * Scored maps of a test set. It is iterated several times and must give the same maps each time, so it may be an array
 * or an object that reads its maps from somewhere; maps may have different sizes.
 */
export type ScoredMaps = Iterable<ScoredMap>;

/**
 * Ranks `scores` in float64; a label that is not 0 is positive. Sorts one typed array per class with the built-in
 * numeric sort. Throws `FusionclipError('not_finite')` for a NaN.
 */
export function rankScores(labels: ArrayLike<number>, scores: ArrayLike<number>): Ranking {
  if (labels.length !== scores.length) throw new RangeError(`${labels.length} labels for ${scores.length} scores`);
  let positives = 0;
  for (let i = 0; i < labels.length; i++) if (labels[i]) positives++;
  const high = new Float64Array(positives);
  const low = new Float64Array(labels.length - positives);
  let [p, n] = [0, 0];
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i] + 0; // −0 and +0 are one threshold
    if (Number.isNaN(score)) throw notANumber(`score ${i}`);
    if (labels[i]) high[p++] = score;
    else low[n++] = score;
  }
  high.sort();
  low.sort();
  const walk = (visit: ThresholdVisitor): void => {
    for (let i = high.length - 1, j = low.length - 1; i >= 0 || j >= 0; ) {
      const score = j < 0 || (i >= 0 && high[i] >= low[j]) ? high[i] : low[j];
      const [fromI, fromJ] = [i, j];
      while (i >= 0 && high[i] === score) i--;
      while (j >= 0 && low[j] === score) j--;
      visit(score, fromI - i, fromJ - j);
    }
  };
  return { positives: high.length, negatives: low.length, walk, walkInSteps: oneStep(walk) };
}

/** A walk that is short enough for one step. */
export function oneStep(walk: Ranking['walk']): Ranking['walkInSteps'] {
  return function* (visit) {
    walk(visit);
    yield;
  };
}

/** Buckets larger than this are counted in a table of all 2^16 low halves instead of being sorted. */
const COUNT_FROM = 1 << 13;

/**
 * Ranks every pixel of a test set, exactly.
 *
 * A float32 becomes a 32-bit integer of the same order. The high halves give 2^16 buckets by counting; the low halves
 * are then stored bucket after bucket, one array per class, and each bucket is put in order when the walk reaches it.
 * Memory: 2 bytes a pixel beside the maps themselves, so 430 MB for the 2.1·10^8 pixels of BMAD's Brain at 240×240;
 * a sort of (score, label) pairs would take 8. Time is linear: some 30 ns a pixel, and 25 for
 * every walk.
 *
 * Throws `FusionclipError('not_finite')` for a NaN.
 */
export function rankPixels(maps: ScoredMaps): Ranking {
  return allSteps(rankPixelsInSteps(maps));
}

/** {@link rankPixels} in steps of a map. */
export function* rankPixelsInSteps(maps: ScoredMaps): Steps<Ranking> {
  const counts = [new Float64Array(1 << 16), new Float64Array(1 << 16)];
  yield* forEachKey(maps, (label, key) => {
    counts[label][key >>> 16]++;
  });
  const [negatives, positives] = counts.map((count) => new Buckets(count));
  const [low, high] = [negatives.adder(), positives.adder()];
  yield* forEachKey(maps, (label, key) => (label ? high(key) : low(key)));
  // Of a small set nearly all buckets are empty: a look at each of them in every walk would take longer than all the rest.
  const occupied: number[] = [];
  for (let bucket = 0xffff; bucket >= 0; bucket--) {
    if (counts[0][bucket] + counts[1][bucket] > 0) occupied.push(bucket);
  }
  const walkInSteps = function* (visit: ThresholdVisitor): Steps<void> {
    const tally = [new Uint32Array(1 << 16), new Uint32Array(1 << 16)];
    for (const bucket of occupied) {
      const [p, n] = [positives.get(bucket), negatives.get(bucket)];
      const emit = (low: number, a: number, b: number) => visit(scoreOf(((bucket << 16) | low) >>> 0), a, b);
      if (p.length + n.length < COUNT_FROM) mergeSorted(p.sort(), n.sort(), emit);
      else mergeCounted(p, n, tally, emit);
      yield;
    }
  };
  return {
    positives: positives.size,
    negatives: negatives.size,
    walk: (visit) => allSteps(walkInSteps(visit)),
    walkInSteps,
  };
}

/** The low halves of one class's keys, grouped by their high halves. */
class Buckets {
  readonly size: number;
  private readonly starts: Float64Array;
  private readonly keys: Uint16Array;

  constructor(counts: Float64Array) {
    this.starts = new Float64Array(counts.length + 1);
    for (let i = 0; i < counts.length; i++) this.starts[i + 1] = this.starts[i] + counts[i];
    this.size = this.starts[counts.length];
    this.keys = new Uint16Array(this.size);
  }

  /** A function that puts keys in their buckets; to be called once for each counted key. */
  adder(): (key: number) => void {
    const { keys } = this;
    const next = this.starts.slice();
    return (key) => {
      keys[next[key >>> 16]++] = key; // the array keeps the low 16 bits
    };
  }

  get(bucket: number): Uint16Array {
    return this.keys.subarray(this.starts[bucket], this.starts[bucket + 1]);
  }
}

type LowVisitor = (low: number, positives: number, negatives: number) => void;

function mergeSorted(p: Uint16Array, n: Uint16Array, emit: LowVisitor): void {
  for (let i = p.length - 1, j = n.length - 1; i >= 0 || j >= 0; ) {
    const low = j < 0 || (i >= 0 && p[i] >= n[j]) ? p[i] : n[j];
    const [fromI, fromJ] = [i, j];
    while (i >= 0 && p[i] === low) i--;
    while (j >= 0 && n[j] === low) j--;
    emit(low, fromI - i, fromJ - j);
  }
}

function mergeCounted(p: Uint16Array, n: Uint16Array, tally: readonly Uint32Array[], emit: LowVisitor): void {
  const [high, low] = tally;
  high.fill(0);
  low.fill(0);
  for (let i = 0; i < p.length; i++) high[p[i]]++;
  for (let i = 0; i < n.length; i++) low[n[i]]++;
  for (let key = 0xffff; key >= 0; key--) if (high[key] + low[key] > 0) emit(key, high[key], low[key]);
}

/** Visits every pixel with its label (0 or 1) and the ordered key of its score. */
function* forEachKey(maps: ScoredMaps, visit: KeyVisitor): Steps<void> {
  let image = 0;
  for (const scored of maps) {
    keysOf(scored, image++, visit);
    yield;
  }
}

type KeyVisitor = (label: 0 | 1, key: number) => void;

function keysOf({ map, mask }: ScoredMap, image: number, visit: KeyVisitor): void {
  if (mask && mask.length !== map.length) {
    throw new RangeError(`map ${image} has ${map.length} scores for ${mask.length} mask pixels`);
  }
  const bits = new Uint32Array(map.buffer, map.byteOffset, map.length);
  for (let i = 0; i < bits.length; i++) {
    const key = orderedKey(bits[i]);
    if (key < LOWEST_KEY || key > HIGHEST_KEY) throw notANumber(`pixel ${i} of map ${image}`);
    visit(mask && mask[i] !== 0 ? 1 : 0, key);
  }
}

/** The keys of −∞ and +∞; beyond them are NaNs. */
const LOWEST_KEY = 0x007fffff;
const HIGHEST_KEY = 0xff800000;

/** The bits of a float32 as an unsigned integer of the same order; −0 is +0. */
export function orderedKey(bits: number): number {
  if (bits === 0x80000000) return 0x80000000;
  return (bits & 0x80000000 ? ~bits : bits | 0x80000000) >>> 0;
}

const scratch = new Uint32Array(1);
const scratchFloat = new Float32Array(scratch.buffer);

/** The float32 of an ordered key. */
function scoreOf(key: number): number {
  scratch[0] = key & 0x80000000 ? key ^ 0x80000000 : ~key;
  return scratchFloat[0];
}

/** The failure of every metric that meets a NaN; `what` says where. */
export function notANumber(what: string): FusionclipError {
  return new FusionclipError(
    'not_finite',
    `the metrics met a NaN (${what}); the model gives no usable scores, so train it again with a lower learning rate.`,
  );
}
