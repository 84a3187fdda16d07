/** Pieces of work that are kept. */
import type { DataSource, DatasetFacts } from './images.ts';
import type { Outcome, WorkKind } from './results.ts';
import type { Losses, Progress, TrainingWish } from './training.ts';

/** `session.json`: one piece of work that is kept. */
export interface SessionFile {
  readonly id: string;
  readonly name: string;
  readonly kind: WorkKind;
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

/** What the page has kept. */
export interface Kept {
  /** Whether it outlives the page. */
  readonly lasting: boolean;
  readonly sessions: readonly SessionFile[];
  /** The one that was open last. */
  readonly last: string | null;
}
