import type { ModelSource, TrainResults } from '../train/index.ts';

/** One training run of a study: a method on a data set with a draw. */
export interface Cell {
  /** Name of the data set in tables, e.g. `Brain`. */
  readonly set: string;
  /** Name of what is compared, e.g. `fusionclip` or `fixed prompt`. */
  readonly method: string;
  /** Of the draw, the initial weights and the order of training. */
  readonly seed: number;
  /** Folder of the data set. */
  readonly data: string;
  readonly model: ModelSource;
  /** Settings by name, as texts, besides the seed. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A cell that ran to its end. */
export interface FinishedCell {
  readonly cell: Cell;
  readonly results: TrainResults;
}

/** A cell that did not. */
export interface FailedCell {
  readonly cell: Cell;
  /** One sentence. */
  readonly reason: string;
}

/** Name of a cell's folder, e.g. `Brain/fixed-prompt/1`. */
export function cellPath({ set, method, seed }: Cell): string {
  const plain = (text: string) => text.replace(/[^A-Za-z0-9.+]+/g, '-');
  return `${plain(set)}/${plain(method)}/${seed}`;
}

/** What a cell's results depend on, as text: a finished cell with another one is run again. */
export function cellFingerprint({ data, model, settings, seed }: Cell): string {
  const name = typeof model === 'string' ? model : `${model.identity.name} ${model.identity.hash}`;
  return JSON.stringify({ data, model: name, seed, settings });
}
