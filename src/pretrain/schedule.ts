import { cos } from '../base/elementary.ts';

/** Pictures of one side, in pixels, for a number of steps. */
export interface Stage {
  readonly size: number;
  readonly steps: number;
}

/** Steps of all stages. */
export function totalSteps(stages: readonly Stage[]): number {
  return stages.reduce((sum, { steps }) => sum + steps, 0);
}

/** The stage of step `step` (from 0), and the step at which it ends. */
export function stageAt(stages: readonly Stage[], step: number): { stage: Stage; end: number } {
  let end = 0;
  for (const stage of stages) {
    end += stage.steps;
    if (step < end) return { stage, end };
  }
  return { stage: stages[stages.length - 1], end };
}

/** Factor on the learning rate of step `step` (from 0): a straight line up, then half a cosine down to zero. */
export function rateFactor(step: number, warmup: number, steps: number): number {
  if (step < warmup) return (step + 1) / warmup;
  return 0.5 * (1 + cos((Math.PI * (step - warmup)) / Math.max(1, steps - warmup)));
}
