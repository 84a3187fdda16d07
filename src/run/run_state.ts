/** What weights are compared by. */
export interface SelectionScore {
  /** Image AUROC. */
  readonly image: number;
  /** Pixel AUROC; null for image-level sets. */
  readonly pixel: number | null;
  /** Their mean: larger is better. */
  readonly value: number;
}

/** Weights that were chosen among those of a run. */
export interface Choice {
  /** Index of the learning rate in `lr.grid`; 0 without a grid. */
  readonly candidate: number;
  /** From 1. */
  readonly epoch: number;
  readonly step: number;
  /** What they were chosen by; null when nothing was compared. */
  readonly score: SelectionScore | null;
}

/** Where a run is. Together with weights and moments this is all that it needs to go on. */
export interface RunState {
  /** Steps done with this learning rate. */
  readonly step: number;
  /** Index of the learning rate in `lr.grid`. */
  readonly candidate: number;
  readonly best: Choice | null;
  /** Lines of `metrics.jsonl` that belong to the steps up to here; later ones are of steps that will be repeated. */
  readonly lines: number;
  /** Whether the weights of this step are still to be compared with the best. */
  readonly due?: boolean;
  /** The last losses, for a look at where training stands. */
  readonly losses: readonly number[];
}

/** Losses that a checkpoint keeps. */
export const LOSS_TAIL = 100;
