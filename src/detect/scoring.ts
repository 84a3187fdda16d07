import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { unlessStopped } from '../base/turn.ts';
import { type Look, lookOfFile } from '../data/apart/looks.ts';
import { rangeOf } from '../data/heat_map.ts';
import { type Image, imageKey, type Raster } from '../data/image.ts';
import type { Sample } from '../data/layout/dataset.ts';
import { readSample } from '../data/layout/open.ts';
import { readRuled } from '../data/range/read.ts';
import { FULL } from '../data/range/rule.ts';
import type { ValueFacts } from '../data/range/values.ts';
import { withClassScore } from '../fusion/fuse.ts';
import {
  type BranchScores,
  type Encoded,
  type FusionOptions,
  type FusionRanges,
  fuseScores,
  type Scorer,
  wholeImages,
} from '../fusion/index.ts';
import { type IntensityScores, intensityMap, intensityScores } from '../metrics/intensity_scores.ts';
import type { Detector } from './detector.ts';
import type { FeatureCache } from './feature_cache.ts';
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
  /** Tells the image again (`imageKey`); without where it was not at hand. */
  readonly key?: string;
  /** How it looks beside those of the run, where that was asked for. @internal */
  readonly look?: Look;
}

/** Images that go through the model together. */
export interface ScoringBatch {
  readonly items: readonly ScoringItem[];
  /** The images of the items, where they were decoded for it. */
  readonly images?: readonly Image[];
  /** Files that it was made of, with those that could not be read. */
  readonly files: number;
  /** The support image to leave out of what the scorer remembers: it is the one that is scored. */
  readonly skip?: number | null;
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
  /** What the vision tower says of the image as a whole, where that was asked for; see `ImageFacts`. */
  readonly features?: readonly number[];
}

/** The scores of a set of images. */
export interface ScoredSet {
  /** Side of the maps. */
  readonly size: number;
  readonly images: readonly ScoredImage[];
}

/** What is scored of a set by now: when its device is lost, the scoring goes on behind it. */
export class ScoredSoFar {
  /** Files so far; whole batches. */
  count = 0;
  readonly images: ScoredImage[] = [];
  /** Branches that wait for the ranges of the whole set. */
  readonly waiting: { readonly items: readonly ScoringItem[]; readonly scores: BranchScores }[] = [];
  readonly classScores: number[] = [];
}

/** Gets each image of a set, in their order, when its scores are known. @param image itself, where it is at hand still */
export type OnScored = (scored: ScoredImage, image: Image | null) => Promise<void>;

/** How a set is scored. */
export interface ScoringOptions {
  /** What of it is scored already; the batches are those behind it. */
  readonly soFar?: ScoredSoFar;
  /** For `fuse calib`: ranges of the support set. */
  readonly ranges: FusionRanges | null;
  readonly onScored?: OnScored;
  /** Whether the images are held until all are scored; by default they are. */
  readonly keep?: boolean;
  /** Whether `features` of the images are wanted, as decisions take them; only where scores do not depend on the set. */
  readonly features?: boolean;
  readonly onProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Whether the scores of images depend on the others of their set: then none is known before all are. */
export function dependsOnSet(options: FusionOptions): boolean {
  return options.fuse === 'mvfa' || options['score.cls'] === 'april';
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
  const count = detector.passOf(batch);
  for (let start = 0; start < samples.length; start += count) {
    const inputs: Float32Array<ArrayBuffer>[] = [];
    const images: Image[] = [];
    const items: ScoringItem[] = [];
    for (const sample of samples.slice(start, start + count)) {
      const image = await readSample(fs, sample, framing.grey);
      images.push(image);
      const pixels = pixelsOf(image, framing);
      inputs.push(toInput(pixels, framing.norm, detector.statistics));
      items.push({
        id: sample.id,
        label: sample.label,
        mask: await maskOf(fs, sample, image, framing),
        grey: trivial && detector.kind === 'pixel' ? greyOf(framed(image, framing), framing.size) : null,
        trivial: trivial ? intensityScores(image) : null,
        key: imageKey(pixels),
      });
    }
    yield { items, images, files: items.length, encode: () => detector.encodeShared(inputs) };
  }
}

/** How files are read. */
export interface FileChoices {
  /** Gets what cannot be read, and what does not fit what the run has learned, which is left out; without it that is thrown. */
  readonly onBad?: (path: string, error: FusionclipError) => void;
  /** Gets what is odd about an image though it is scored. */
  readonly say?: (text: string) => void;
  /** Whether a file is left out, asked before it is read; without it none is. */
  readonly leave?: (path: string) => Promise<boolean>;
  /** What the images of the run have in common, so that each gets its `look`. */
  readonly pattern?: Float64Array;
}

/**
 * Reads image files without labels.
 * @throws FusionclipError `io`, `bad_image`
 */
export async function* fileBatches(
  fs: FileSystem,
  detector: Detector,
  paths: readonly string[],
  batch: number,
  { onBad, say, leave, pattern }: FileChoices = {},
): AsyncGenerator<ScoringBatch> {
  const { framing } = detector;
  const rule = detector.grey ?? FULL;
  const count = detector.passOf(batch);
  let files = 0;
  let next = 0;
  while (next < paths.length) {
    const items: ScoringItem[] = [];
    const images: Image[] = [];
    const inputs: Float32Array<ArrayBuffer>[] = [];
    for (let read = 0; read < count && next < paths.length; ) {
      const id = paths[next++];
      files++;
      if (await leave?.(id)) continue;
      read++;
      try {
        const bytes = await fs.readFile(id);
        let look: Look | undefined;
        const see = (raster: Raster, values: ValueFacts) => {
          if (pattern) look = lookOfFile({ bytes, name: id, raster, values }, rule, pattern);
        };
        const image = readRuled(bytes, id, rule, { say, see });
        const pixels = pixelsOf(image, framing);
        images.push(image);
        inputs.push(toInput(pixels, framing.norm, detector.statistics));
        items.push({ id, label: null, mask: null, grey: null, trivial: null, key: imageKey(pixels), look });
      } catch (error) {
        if (!onBad || !(error instanceof FusionclipError)) throw error;
        onBad(id, error);
      }
    }
    if (items.length === 0) continue;
    yield { items, images, files, encode: () => detector.encode(inputs) };
    files = 0;
  }
}

/** Images whose features are kept. */
export async function* storedBatches(
  features: FeatureCache,
  items: readonly ScoringItem[],
  batch: number,
): AsyncGenerator<ScoringBatch> {
  for (let start = 0; start < items.length; start += batch) {
    const part = items.slice(start, start + batch);
    yield { items: part, files: part.length, encode: () => features.get(part.map(({ id }) => id)) };
  }
}

/** What both branches say of batches, one after the other. */
export async function* branchScores(
  detector: Detector,
  scorer: Scorer,
  batches: Iterable<ScoringBatch> | AsyncIterable<ScoringBatch>,
  { signal, features = false }: Pick<ScoringOptions, 'signal' | 'features'> = {},
): AsyncGenerator<{
  readonly batch: ScoringBatch;
  readonly scores: BranchScores;
  /** One list an image; none where they are not wanted. */
  readonly features: readonly (readonly number[])[];
}> {
  const { gpu, method } = detector;
  for await (const batch of batches) {
    signal?.throwIfAborted();
    const score = () => {
      const encoded = batch.encode();
      const reading = features ? wholeImages(encoded, method.needs)?.read() : null;
      return Promise.all([scorer.score(encoded, batch.skip ?? null), reading ?? null]);
    };
    await detector.prepare(`scores of ${batch.items.length}`, score, signal);
    using job = gpu.job();
    const [scores, whole] = await unlessStopped(job.do(score), signal);
    yield { batch, scores, features: levelled(whole, batch.items.length) };
  }
}

/** Vectors of one batch at a mean square of 1, in three places: more is within what adapters differ by. */
function levelled(values: Float32Array | null, images: number): number[][] {
  if (!values) return [];
  const width = values.length / images;
  return Array.from({ length: images }, (_, i) => {
    const own = Array.from(values.subarray(i * width, (i + 1) * width));
    const size = Math.sqrt(own.reduce((sum, value) => sum + value * value, 0) / width) || 1;
    return own.map((value) => Number((value / size).toFixed(3)));
  });
}

/**
 * Scores batches with the fusion of the detector's options. Where scores depend on the set ({@link dependsOnSet}), what is
 * needed of all images is held in memory.
 */
export async function scoreSet(
  detector: Detector,
  scorer: Scorer,
  batches: Iterable<ScoringBatch> | AsyncIterable<ScoringBatch>,
  { ranges, onScored, keep = true, onProgress, signal, features, soFar = new ScoredSoFar() }: ScoringOptions,
): Promise<ScoredSet> {
  const { options, kind } = detector;
  const { size } = detector.vision;
  const { images, waiting, classScores } = soFar;
  const together = dependsOnSet(options);
  const fuse = (items: readonly ScoringItem[], scores: BranchScores, used: FusionRanges | null): ScoredImage[] => {
    const { map, score, scoreMax, scoreMean } = fuseScores(scores, used, options, kind);
    return items.map((item, i) => ({
      ...item,
      // Memory of its own: an image that is kept does not keep its batch.
      map: items.length === 1 ? map : map.slice(i * size * size, (i + 1) * size * size),
      score: score[i],
      scoreMax: scoreMax[i],
      scoreMean: scoreMean[i],
    }));
  };
  // Of a large model the first batch takes long.
  onProgress?.(soFar.count);
  for await (const { batch, scores: both, features: whole } of branchScores(detector, scorer, batches, {
    signal,
    features,
  })) {
    const { items } = batch;
    const scores = options['score.cls'] === 'april' ? { ...both, clsScore: null } : both;
    if (options['score.cls'] === 'april') classScores.push(...(both.clsScore ?? []));
    if (options.fuse === 'mvfa') waiting.push({ items, scores });
    else {
      const fused = fuse(items, scores, options.fuse === 'calib' ? ranges : null).map((one, i) => {
        return features ? { ...one, features: whole[i] } : one;
      });
      if (keep || together) images.push(...fused);
      if (!together) for (const [i, one] of fused.entries()) await onScored?.(one, batch.images?.[i] ?? null);
    }
    soFar.count += batch.files;
    onProgress?.(soFar.count);
  }
  if (waiting.length > 0) {
    const own = rangesOfAll(waiting.map(({ scores }) => scores));
    for (const { items, scores } of waiting.splice(0)) images.push(...fuse(items, scores, own));
  }
  const scored = withClassScores(images, classScores);
  if (together) for (const one of scored) await onScored?.(one, null);
  return { size, images: scored };
}

/** Adds the class token's scores, one an image, to the image scores; without any they stay. */
function withClassScores(images: readonly ScoredImage[], classScores: readonly number[]): readonly ScoredImage[] {
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

/** Bytes, so that a large test set fits into memory; the map is their 255th part. */
function greyOf(image: Image, size: number): Uint8Array {
  return new Uint8Array(intensityMap(image, size).map((value) => Math.round(255 * value)));
}
