import type { ErrorCode } from '../base/errors.ts';
import type { ModelSource } from '../detect/backbone.ts';
import type { TrainResults } from '../detect/results.ts';

/** One training run of a study: a method on a data set with a draw. */
export interface StudyRun {
  /** Name of the data set in tables, e.g. `Brain`. */
  readonly set: string;
  /** Name of what is compared, e.g. `fusionclip` or `fixed prompt`. */
  readonly method: string;
  /** Support images of a class, where a study compares several numbers of them; `settings` says so too. */
  readonly shots?: number;
  /** Of the draw, the initial weights and the order of training. */
  readonly seed: number;
  /** Folder of the data set. */
  readonly data: string;
  readonly model: ModelSource;
  /** Settings by name, as texts, besides the seed. */
  readonly settings: Readonly<Record<string, string>>;
  /** Ids of the test images whose maps are kept, where a study shows some; the results do not depend on it. */
  readonly mapsOf?: readonly string[];
}

/** A run that ran to its end. */
export interface FinishedStudyRun {
  readonly run: StudyRun;
  readonly results: TrainResults;
}

/** A run that did not. */
export interface FailedStudyRun {
  readonly run: StudyRun;
  /** One sentence. */
  readonly reason: string;
  /** Null for an error in the program. */
  readonly code: ErrorCode | null;
}

/** Name of a run's folder, e.g. `Brain/fixed-prompt/1`, or `Brain/fixed-prompt/4-shot/1`. */
export function studyRunPath({ set, method, shots, seed }: StudyRun): string {
  const plain = (text: string) => text.replace(/[^A-Za-z0-9.+]+/g, '-');
  return [plain(set), plain(method), ...(shots === undefined ? [] : [`${shots}-shot`]), seed].join('/');
}

/** A run for people, e.g. `Brain, fixed prompt, 4-shot, seed 1`. */
export function describeStudyRun({ set, method, shots, seed }: StudyRun): string {
  return [set, method, ...(shots === undefined ? [] : [`${shots}-shot`]), `seed ${seed}`].join(', ');
}

/** What a run's results depend on, as text: a finished run with another one is run again. */
export function studyRunFingerprint({ data, model, settings, seed }: StudyRun): string {
  const name = typeof model === 'string' ? model : `${model.identity.name} ${model.identity.hash}`;
  return JSON.stringify({ data, model: name, seed, settings });
}
