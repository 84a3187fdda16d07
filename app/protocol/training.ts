/** What a training is asked for, and how far it is. */

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
