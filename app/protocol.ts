/** What the page and its worker say to each other. Everything here is data that can be cloned. */
import type { ErrorCode } from '../src/base/errors.ts';
import type { DatasetKind, Image, ScoreMap } from '../src/data/index.ts';
import type { SetMetrics, Thresholds } from '../src/detect/set_metrics.ts';
import type { AdapterFacts } from '../src/gpu/index.ts';
import type { IntensityMetrics } from '../src/metrics/intensity_baseline.ts';
import type { RocPoint } from '../src/metrics/roc.ts';
import type { Verdict } from '../src/report/verdict.ts';
import type { RunEvent } from '../src/run/events.ts';

/** A model that can be chosen. */
export interface ModelChoice {
  /** As the command line would name it. */
  readonly name: string;
  readonly title: string;
  /** Bytes in the page's storage of a model that the user brought; null for those that come with the page. */
  readonly bytes: number | null;
  /** Whether it is not whole, because its fetching was broken off. */
  readonly part: boolean;
}

/** Where a data set comes from: enough to have it again, or to ask for it. */
export type DataSource =
  | { readonly kind: 'phantoms'; readonly family: string; readonly seed: number }
  | ({
      readonly kind: 'folders';
      readonly name: string;
    } & Partial<Waived>);

/** What is waived of images that were refused. */
export interface Waived {
  /** Files that are left out. */
  readonly skip: readonly string[];
  /** What their series may have against them, as the setting `accept` names it, or {@link GREYS}. */
  readonly accept: readonly string[];
  /** Of files that hold several volumes which one, from 0 on. */
  readonly volume?: number;
}

/** Grey levels that are others than those of the training: they are taken as they are. */
export const GREYS = 'greys';

/** Nothing. */
export const UNWAIVED: Waived = { skip: [], accept: [] };

/** `session.json`: one piece of work that is kept. */
export interface SessionFile {
  readonly id: string;
  readonly name: string;
  /** A training; trained weights on a labelled set; or on images without labels. */
  readonly kind: 'train' | 'evaluate' | 'predict';
  /** ISO time. */
  readonly created: string;
  /** Null for images without labels. */
  readonly source: DataSource | null;
  /** Whether the images are to lie in the session's folder. */
  readonly images: boolean;
  /** Whether all of them lie there; what was kept before there was a word for it does. */
  readonly copied?: boolean;
  /** What the training was asked for. */
  readonly wish: TrainingWish | null;
  readonly finished: boolean;
  /** What was said of it while it was made: what was left out, accepted or chosen. */
  readonly notes?: readonly string[];
  /** AUROCs of a finished one; null where undefined. */
  readonly figures: { readonly image: number | null; readonly pixel: number | null } | null;
  /** Of all that it keeps, as it was when its work ended. */
  readonly bytes: number;
  /** In a list: its file cannot be read, and nothing else here is its own. */
  readonly damaged?: boolean;
}

/** A session that was opened again. */
export interface OpenedSession {
  readonly session: SessionFile;
  /** Null when its images have to be given again. */
  readonly dataset: DatasetFacts | null;
  readonly outcome: Outcome | null;
  /** Of a training. */
  readonly losses: Losses;
  /** Where a training stands that can go on; null before its first checkpoint. */
  readonly progress: Progress | null;
}

/** Steps and their losses. */
export interface Losses {
  readonly steps: readonly number[];
  readonly values: readonly number[];
}

/** How far a training is. */
export interface Progress {
  readonly epoch: number;
  readonly epochs: number;
  readonly step: number;
  readonly steps: number;
  readonly etaSeconds: number | null;
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
  readonly source: DataSource;
  /** What the prompts would call the content; empty where the folder's name says nothing. */
  readonly object: string;
  readonly counts: Readonly<Record<'valid' | 'test', { readonly normal: number; readonly abnormal: number }>>;
  /** What is used of the folder and how, and what is not and why, as `data check` says it. */
  readonly lines: readonly string[];
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
  /** The images to learn from, where the user has changed the draw. */
  readonly support?: SupportChoice | null;
}

/** Ids of images of each class. */
export interface SupportChoice {
  readonly normal: readonly string[];
  readonly abnormal: readonly string[];
}

/** What a calibration says of an image or a patient; null without one. */
export interface DecidedRow {
  readonly id: string;
  readonly score: number;
  readonly pValue?: number | null;
  readonly probability?: number | null;
  readonly decision?: string | null;
}

/** One test image, as a row of the gallery. */
export interface ScoredRow extends DecidedRow {
  readonly label: 0 | 1 | null;
}

/** What a calibration says of images together. */
export interface Calibrated {
  /** Its operating point. */
  readonly threshold: number;
  readonly state: 'covered' | 'shifted' | 'unchecked';
  /** SHA-256 of what it came from. */
  readonly hash: string;
  /** Operating point, coverage and errors, a sentence each. */
  readonly lines: readonly string[];
  readonly patients: readonly DecidedRow[];
}

/** What trained weights do to images. */
export interface Outcome {
  /** The session that keeps it. */
  readonly session: string;
  readonly kind: SessionFile['kind'];
  /** Null for images without labels. */
  readonly metrics: SetMetrics | null;
  readonly trivial: IntensityMetrics | null;
  /** What the report says first; null without labels. */
  readonly verdict: Verdict | null;
  /** Those that training chose, or null. */
  readonly thresholds: Thresholds;
  /** Null where the weights are not calibrated. */
  readonly calibrated: Calibrated | null;
  readonly rows: readonly ScoredRow[];
  /** Empty without labels. */
  readonly roc: readonly RocPoint[];
  /** Lowest and highest value of all maps. */
  readonly range: readonly [number, number];
  /** What was trained on what, in a few words each. */
  readonly facts: Readonly<Record<'method' | 'model' | 'data' | 'tested' | 'shots' | 'seed', string>>;
  readonly adapters: AdaptersFacts;
  /** Sentences about what was left out. */
  readonly notes: readonly string[];
}

/** What a session says of an image. */
export interface CalledImage {
  readonly score: number;
  /** `abnormal`, `normal`, or as a calibration decides; null without a threshold. */
  readonly call: string | null;
}

/** One of two sessions that are compared. */
export interface ComparedSide {
  /** What its weights were trained on, in a few words. */
  readonly weights: string;
  /** How many images it has scored. */
  readonly images: number;
  /** How many of them it calls abnormal; null without a threshold. */
  readonly abnormal: number | null;
}

/** What two sessions say of the images of equal names. */
export interface ComparedResults {
  readonly sides: readonly [ComparedSide, ComparedSide];
  /** How many names both have. */
  readonly common: number;
  /** Rank correlation of their scores; null for fewer than three, or where all are equal. */
  readonly ranks: number | null;
  /** Those that are called differently, the furthest apart in their ranks first. */
  readonly differing: readonly { readonly id: string; readonly sides: readonly [CalledImage, CalledImage] }[];
}

/** Trained weights that images can be scored with. */
export interface AdaptersFacts {
  readonly name: string;
  readonly bytes: number;
  /** What the file holds of the support images, as a sentence. */
  readonly hold: string;
  /** What they were trained on, in a few words. */
  readonly trainedOn: string;
  /** What the images showed that they were trained on, as prompts call it. */
  readonly object: string;
  /** The model that they belong to. */
  readonly model: string;
}

/** One image with its map. */
export interface Picture {
  /** RGB, no larger than a screen needs; black where the image is not there any more. */
  readonly image: Image;
  /** The same for a gallery. */
  readonly small: Image;
  readonly map: ScoreMap;
  /** 1 on the lesion; null when nothing is lesion or nobody said. */
  readonly lesion: ScoreMap | null;
  /** Whether the image itself is there. */
  readonly there: boolean;
}

/** Where an image stands: among the slices of its volume, or by itself. */
export interface Stack {
  /** Of the volume; empty for a picture. */
  readonly name: string;
  /** For each slice the row of its scores; null for one that was not scored. */
  readonly rows: readonly (number | null)[];
  /** The slice that was asked for. */
  readonly at: number;
  /** Slices of which the series has no file. */
  readonly missing: readonly number[];
}

/** The numbers of an image or slice. */
export interface Slice {
  readonly width: number;
  readonly height: number;
  /** [height, width] in the units of the file; null for colours. */
  readonly values: Float32Array<ArrayBuffer> | null;
  /** [height, width, 3]; null for grey. */
  readonly rgb: Uint8Array<ArrayBuffer> | null;
  /** Of the numbers: `HU`, or ''. */
  readonly unit: string;
  /** Pixels of the file to a side of each value, which is their mean. */
  readonly step: number;
  /** Height of a pixel in its widths. */
  readonly aspect: number;
  /** Whether low values are bright. */
  readonly inverted: boolean;
  /** What can be chosen as black and white; the first is what the model saw. */
  readonly windows: readonly SliceWindow[];
}

/** A range of values that is shown from black to white. */
export interface SliceWindow {
  readonly name: string;
  readonly low: number;
  readonly high: number;
}

/** What can be taken home of a session. */
export type Export = 'adapters' | 'predictions' | 'results' | 'report' | 'everything';

/** A file to be saved. */
export interface ExportedFile {
  readonly name: string;
  readonly blob: Blob;
}

/** What is there when the page begins. */
export interface Start {
  readonly machine: AdapterFacts;
  readonly models: readonly ModelChoice[];
}

/** What the page has kept. */
export interface Kept {
  /** Whether it outlives the page. */
  readonly lasting: boolean;
  readonly sessions: readonly SessionFile[];
  /** The one that was open last. */
  readonly last: string | null;
}

/** The worker's functions. */
export interface Calls {
  /** Finds an adapter; fails with `no_adapter`. */
  open(): Promise<Start>;
  families(): Promise<readonly FamilyPreview[]>;
  makePhantoms(family: string, seed: number): Promise<DatasetFacts>;
  takeImages(images: GivenImages, waived: Waived): Promise<DatasetFacts>;
  /** The images that can be learned from, in the order of the draw. */
  draw(seed: number): Promise<SupportChoice>;
  /** An image of the data set at hand, small. */
  thumb(id: string): Promise<Image>;
  /**
   * Trains from the start. Fails with `interrupted` after {@link Calls.pause}.
   * @param keep whether the session keeps the images
   */
  train(wish: TrainingWish, keep: boolean): Promise<Outcome>;
  /** Goes on with a training that was interrupted. */
  resume(): Promise<Outcome>;
  /** Stops what is running as soon as its state is saved. */
  pause(): Promise<void>;
  /** Opens trained weights, for {@link Calls.evaluate} and {@link Calls.predict}. */
  takeAdapters(file: Blob, name: string): Promise<AdaptersFacts>;
  /** Scores the test images of the current data set with the adapters at hand. */
  evaluate(keep: boolean): Promise<Outcome>;
  /** Scores images that nobody has labelled with the adapters at hand. */
  predict(files: readonly GivenFile[], keep: boolean, waived: Waived): Promise<Outcome>;
  picture(index: number): Promise<Picture>;
  /** The stack that an image of the results is in. */
  stackOf(index: number): Promise<Stack>;
  /** Slice `k` of the stack that an image is in; null where its file is not there any more. */
  slice(index: number, k: number): Promise<Slice | null>;
  /** The session's files to be saved. */
  take(what: Export): Promise<ExportedFile>;
  /** The map over one image, or the bare map. */
  takeMap(index: number, what: 'png' | 'npy'): Promise<ExportedFile>;
  kept(): Promise<Kept>;
  openSession(id: string): Promise<OpenedSession>;
  renameSession(id: string, name: string): Promise<void>;
  deleteSession(id: string): Promise<void>;
  /** Compares the results of two finished sessions. */
  compare(first: string, second: string): Promise<ComparedResults>;
  /** Checks a model and stores it; returns its name and all models. */
  addModel(name: string, files: readonly GivenFile[]): Promise<{ name: string; models: readonly ModelChoice[] }>;
  /** Fetches a model of the hub at an address, checks it and stores it; goes on with what was broken off. */
  fetchModel(hub: string, name: string): Promise<{ name: string; models: readonly ModelChoice[] }>;
  models(): Promise<readonly ModelChoice[]>;
  deleteModel(name: string): Promise<readonly ModelChoice[]>;
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
  /** Whether a training was broken off that can go on. */
  readonly resumable: boolean;
  /** Files of a data set without which the failure would be gone. */
  readonly leave: readonly string[];
  /** What of series has to be accepted so that it would be gone. */
  readonly accept: readonly string[];
  /** Of how many volumes one has to be chosen so that it would be gone; else 0. */
  readonly volumes: number;
}

/** From the worker to the page. */
export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly event: RunEvent }
  /** The worker's script runs. */
  | { readonly ready: true };
