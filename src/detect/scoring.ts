import type { FileSystem } from '../base/file_system.ts';
import { rangeOf } from '../data/heat_map.ts';
import type { Image } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readSample } from '../data/layout/open.ts';
import { readRuled } from '../data/range/read.ts';
import { FULL } from '../data/range/rule.ts';
import { withClassScore } from '../fusion/fuse.ts';
import {
  type BranchScores,
  type Encoded,
  type FusedScores,
  type FusionRanges,
  fuseScores,
  type ImageScorer,
} from '../fusion/index.ts';
import { type IntensityScores, intensityMap, intensityScores } from '../metrics/intensity_scores.ts';
import type { Detector } from './detector.ts';
import type { FeatureStore } from './feature_store.ts';
import { framed, maskOf, pixelsOf, toInput } from './pictures.ts';

/** What is known of an image beside its scores. */
export interface ScoringItem {
  readonly id: string;
  /** 1 is abnormal; null when nobody said. */
  readonly label: 0 | 1 | null;
  /** Lesion {0, 1} [S, S], or null where nothing is lesion. */
  readonly mask: Uint8Array | null;
  /** Grey values [S, S], for the trivial map; null where it is not wanted. */
  readonly grey: Uint8Array | null;
  /** The trivial image scores, or null. */
  readonly trivial: IntensityScores | null;
}

/** Images that go through the model together. */
export interface ScoringBatch {
  readonly items: readonly ScoringItem[];
  /** What the method takes of them, in the scope that is open when this is called. */
  encode(): Encoded;
}

/** An image with its fused scores. */
export interface ScoredImage extends ScoringItem {
  /** [S, S] */
  readonly map: Float32Array;
  /** The image score that the options ask for. */
  readonly score: number;
  readonly scoreMax: number;
  readonly scoreMean: number;
}

/** The scores of a set of images. */
export interface ScoredSet {
  /** Side of the maps. */
  readonly size: number;
  readonly images: readonly ScoredImage[];
}

/** What is scored of a set by now: when its device is lost, the scoring goes on behind it. */
export class ScoredSoFar {
  readonly images: ScoredImage[] = [];
  /** Branches that wait for the ranges of the whole set. */
  readonly waiting: { readonly items: readonly ScoringItem[]; readonly scores: BranchScores }[] = [];
  readonly classScores: number[] = [];

  /** Images so far; whole batches. */
  get count(): number {
    return this.images.length + this.waiting.reduce((n, { items }) => n + items.length, 0);
  }
}

/** How a set is scored. */
export interface ScoringOptions {
  /** What of it is scored already; the batches are those behind it. */
  readonly soFar?: ScoredSoFar;
  /** For `fuse calib`: ranges of the support set. */
  readonly ranges: FusionRanges | null;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads samples a batch at a time.
 * @param trivial whether what brightness alone says is wanted too
 * @throws FusionclipError `io`, `bad_image`, `bad_data`
 */
export async function* sampleBatches(
  fs: FileSystem,
  detector: Detector,
  samples: readonly Sample[],
  batch: number,
  trivial = false,
): AsyncGenerator<ScoringBatch> {
  const { framing } = detector;
  for (let start = 0; start < samples.length; start += batch) {
    const inputs: Float32Array<ArrayBuffer>[] = [];
    const items: ScoringItem[] = [];
    for (const sample of samples.slice(start, start + batch)) {
      const image = await readSample(fs, sample, framing.grey);
      inputs.push(inputOf(detector, image));
      items.push({
        id: sample.id,
        label: sample.label,
        mask: await maskOf(fs, sample, image, framing),
        grey: trivial && detector.kind === 'pixel' ? greyOf(framed(image, framing), framing.size) : null,
        trivial: trivial ? intensityScores(image) : null,
      });
    }
    yield { items, encode: () => detector.encodeShared(inputs) };
  }
}

/**
 * Reads image files without labels.
 * @param say gets what is odd about an image though it is scored
 * @throws FusionclipError `io`; `bad_image`, also for one whose values do not fit what the run has learned
 */
export async function* fileBatches(
  fs: FileSystem,
  detector: Detector,
  paths: readonly string[],
  batch: number,
  say?: (text: string) => void,
): AsyncGenerator<ScoringBatch> {
  for (let start = 0; start < paths.length; start += batch) {
    const part = paths.slice(start, start + batch);
    const inputs: Float32Array[] = [];
    for (const path of part) {
      const image = readRuled(await fs.readFile(path), path, detector.grey ?? FULL, say);
      inputs.push(inputOf(detector, image));
    }
    const items = part.map((id) => ({ id, label: null, mask: null, grey: null, trivial: null }));
    yield { items, encode: () => detector.encode(inputs) };
  }
}

/** Images whose features are in a store. */
export async function* storedBatches(
  store: FeatureStore,
  items: readonly ScoringItem[],
  batch: number,
): AsyncGenerator<ScoringBatch> {
  for (let start = 0; start < items.length; start += batch) {
    const part = items.slice(start, start + batch);
    yield { items: part, encode: () => store.get(part.map(({ id }) => id)) };
  }
}

/** Scores batches with the fusion of the detector's options. `fuse mvfa` holds both branches of all images in memory. */
export async function scoreSet(
  detector: Detector,
  scorer: ImageScorer,
  batches: AsyncIterable<ScoringBatch>,
  { ranges, onProgress, signal, soFar = new ScoredSoFar() }: ScoringOptions,
): Promise<ScoredSet> {
  const { gpu, options, kind } = detector;
  const { size } = detector.vision;
  const { images, waiting, classScores } = soFar;
  const add = (items: readonly ScoringItem[], fused: FusedScores) => {
    items.forEach((item, i) => {
      const map = fused.map.subarray(i * size * size, (i + 1) * size * size);
      const { score, scoreMax, scoreMean } = fused;
      images.push({ ...item, map, score: score[i], scoreMax: scoreMax[i], scoreMean: scoreMean[i] });
    });
  };
  for await (const { items, encode } of batches) {
    signal?.throwIfAborted();
    using job = gpu.job();
    const scored = await job.do(() => scorer.score(encode()));
    const scores = options['score.cls'] === 'april' ? { ...scored, clsScore: null } : scored;
    if (options['score.cls'] === 'april') classScores.push(...(scored.clsScore ?? []));
    if (options.fuse === 'mvfa') waiting.push({ items, scores });
    else add(items, fuseScores(scores, options.fuse === 'calib' ? ranges : null, options, kind));
    onProgress?.(soFar.count);
  }
  if (waiting.length > 0) {
    const own = rangesOfAll(waiting.map(({ scores }) => scores));
    for (const { items, scores } of waiting.splice(0)) add(items, fuseScores(scores, own, options, kind));
  }
  return { size, images: withClassScores(images, classScores) };
}

/** Adds the class token's scores, one an image, to the image scores; without any they stay. */
export function withClassScores(
  images: readonly ScoredImage[],
  classScores: readonly number[],
): readonly ScoredImage[] {
  if (classScores.length === 0) return images;
  const score = withClassScore(
    Float32Array.from(images, (image) => image.score),
    Float32Array.from(classScores),
  );
  return images.map((image, i) => ({ ...image, score: score[i] }));
}

/** The ranges of several batches together. */
export function rangesOfAll(batches: readonly BranchScores[]): FusionRanges {
  const range = (key: 'zeroMap' | 'fewMap' | 'zeroMean' | 'fewMean') =>
    rangeOf(...batches.map((scores) => scores[key]));
  return { zeroMap: range('zeroMap'), fewMap: range('fewMap'), zeroMean: range('zeroMean'), fewMean: range('fewMean') };
}

function inputOf(detector: Detector, image: Image): Float32Array<ArrayBuffer> {
  const { framing, statistics } = detector;
  return toInput(pixelsOf(image, framing), framing.norm, statistics);
}

/** Bytes, so that a large test set fits into memory; the map is their 255th part. */
function greyOf(image: Image, size: number): Uint8Array {
  return new Uint8Array(intensityMap(image, size).map((value) => Math.round(255 * value)));
}
