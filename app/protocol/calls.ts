/** The functions that the worker has for the page. */
import type { Image } from '../../src/data/index.ts';
import type { AdapterFacts } from '../../src/gpu/index.ts';
import type { ComparedResults } from './comparison.ts';
import type { DatasetFacts, FamilyPreview, GivenFile, GivenImages, Waived } from './images.ts';
import type { AdaptersFacts, Outcome } from './results.ts';
import type { Kept, OpenedSession } from './sessions.ts';
import type { SupportChoice, TrainingWish } from './training.ts';
import type { Picture, Slice, Stack } from './viewing.ts';

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
