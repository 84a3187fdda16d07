import type { SelectionScore } from './run_state.ts';

/** What is known after a step. */
export interface StepEvent {
  /** Steps done, from 1. */
  readonly step: number;
  /** Steps in all. */
  readonly steps: number;
  /** Epoch of this step, from 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Sum of all parts, before the step. */
  readonly loss: number;
  /** By name, e.g. `focal.gal.6`. */
  readonly parts: Readonly<Record<string, number>>;
  /** Since the training began or was resumed. */
  readonly seconds: number;
  /** To the end of the run, comparisons and test images with it; null while nobody can tell. */
  readonly etaSeconds: number | null;
  /** The ends between which these lie, where they hang on which weights will be chosen. */
  readonly etaRange?: readonly [number, number];
}

/** The same before the end is foreseen. */
export type TrainedStep = Omit<StepEvent, 'etaSeconds' | 'etaRange'>;

/** What a run tells about its progress. */
export type RunEvent =
  /** Something that takes a while: `what` is a phrase like `features of the support images`. */
  | {
      readonly type: 'stage';
      readonly what: string;
      readonly done: number;
      readonly total: number;
      readonly etaSeconds?: number;
    }
  | ({ readonly type: 'step'; readonly rate: number | null } & StepEvent)
  /** Weights were compared with those of other epochs. */
  | {
      readonly type: 'eval';
      readonly rate: number | null;
      readonly epoch: number;
      readonly step: number;
      /** What was scored: `valid`, or `test-oracle`, which is no fair way to choose. */
      readonly on: 'valid' | 'test-oracle';
      readonly score: SelectionScore;
      readonly best: boolean;
    }
  /** One sentence that a user should see. */
  | { readonly type: 'note'; readonly text: string };

/** Gets a run's events. */
export type RunListener = (event: RunEvent) => void;

/** A listener for loops that report how far they are. */
export function stage(onEvent: RunListener, what: string): (done: number, total: number) => void {
  return (done, total) => onEvent({ type: 'stage', what, done, total });
}
