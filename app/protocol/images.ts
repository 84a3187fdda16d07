/** Images that the page is given, and what it says of them. */
import type { DatasetKind, Image } from '../../src/data/index.ts';

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
