import type { SelectionScore } from './selection.ts';
import type { StepEvent } from './trainer.ts';

/** What a run tells about its progress. */
export type RunEvent =
  /** Something that takes a while: `what` is a phrase like `features of the support images`. */
  | { readonly type: 'stage'; readonly what: string; readonly done: number; readonly total: number }
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
