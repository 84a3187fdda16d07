/** What the page and its worker say to each other. Everything here is data that can be cloned. */
import type { ErrorCode } from '../src/base/errors.ts';
import type { DatasetKind, Image, ScoreMap } from '../src/data/index.ts';
import type { SetMetrics } from '../src/detect/set_metrics.ts';
import type { AdapterFacts } from '../src/gpu/index.ts';
import type { IntensityMetrics } from '../src/metrics/intensity_baseline.ts';
import type { RocPoint } from '../src/metrics/roc.ts';
import type { RunEvent } from '../src/run/events.ts';

/** A model that can be chosen. */
export interface ModelChoice {
  /** As the command line would name it. */
  readonly name: string;
  readonly title: string;
}

/** One family of phantoms with a healthy and a diseased example. */
export interface FamilyPreview {
  readonly name: string;
  readonly title: string;
  readonly masks: boolean;
  readonly healthy: Image;
  readonly diseased: Image;
}

/** A file of a dropped folder, with its path from the folder on. */
export interface GivenFile {
  readonly path: string;
  readonly blob: Blob;
}

/** Images that were given to the page: one data set, or a folder for each class. */
export type GivenImages =
  | { readonly kind: 'set'; readonly name: string; readonly files: readonly GivenFile[] }
  | { readonly kind: 'classes'; readonly normal: readonly GivenFile[]; readonly abnormal: readonly GivenFile[] };

/** A data set that is ready. */
export interface DatasetFacts {
  readonly name: string;
  readonly kind: DatasetKind;
  /** What the prompts would call the content. */
  readonly object: string;
  readonly counts: Readonly<Record<'valid' | 'test', { readonly normal: number; readonly abnormal: number }>>;
  /** What is used of the folder and how, and what is not and why, as `data check` says it. */
  readonly lines: readonly string[];
  /** A few images of each class, small. */
  readonly normal: readonly Image[];
  readonly abnormal: readonly Image[];
}

/** What a training is asked for. */
export interface TrainingWish {
  readonly model: string;
  readonly shots: number;
  /** Null for what suits the model. */
  readonly epochs: number | null;
  readonly seed: number;
  /** What the images show. */
  readonly object: string;
}

/** One test image, as a row of the gallery. */
export interface ScoredRow {
  readonly id: string;
  readonly label: 0 | 1 | null;
  readonly score: number;
}

/** What trained weights do to the test images. */
export interface Outcome {
  readonly metrics: SetMetrics;
  readonly trivial: IntensityMetrics | null;
  readonly rows: readonly ScoredRow[];
  readonly roc: readonly RocPoint[];
  /** Lowest and highest value of all maps. */
  readonly range: readonly [number, number];
  /** What was trained on what, in a few words each. */
  readonly facts: Readonly<Record<'method' | 'model' | 'data' | 'shots' | 'seed', string>>;
  /** The file for `fusionclip predict --adapters`. */
  readonly adapters: Blob;
  readonly adaptersName: string;
  /** What the file holds of the support images, as a sentence. */
  readonly adaptersHold: string;
}

/** One test image with its map. */
export interface Picture {
  /** RGB, no larger than a screen needs. */
  readonly image: Image;
  /** The same for a gallery. */
  readonly small: Image;
  readonly map: ScoreMap;
  /** 1 on the lesion; null when nothing is lesion or nobody said. */
  readonly lesion: ScoreMap | null;
}

/** The worker's functions. */
export interface Calls {
  /** Finds an adapter; fails with `no_adapter`. */
  open(): Promise<{ machine: AdapterFacts; models: readonly ModelChoice[] }>;
  families(): Promise<readonly FamilyPreview[]>;
  makePhantoms(family: string, seed: number): Promise<DatasetFacts>;
  takeImages(images: GivenImages): Promise<DatasetFacts>;
  /** Trains from the start. Fails with `interrupted` after {@link Calls.pause}. */
  train(wish: TrainingWish): Promise<Outcome>;
  /** Goes on with a training that was interrupted. */
  resume(): Promise<Outcome>;
  /** Stops what is running as soon as its state is saved. */
  pause(): Promise<void>;
  /** Scores the test images of the current data set with trained weights. */
  useAdapters(file: Blob, name: string): Promise<Outcome>;
  picture(index: number): Promise<Picture>;
}

/** From the page to the worker. */
export interface Request {
  readonly id: number;
  readonly call: keyof Calls;
  readonly args: readonly unknown[];
}

/** A failure, as it is cloned; `code` is null when it was not foreseen. */
export interface Failure {
  readonly code: ErrorCode | null;
  readonly message: string;
}

/** From the worker to the page. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: RunEvent };
