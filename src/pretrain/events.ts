/** What is known after a step of a pre-training. */
export interface PairStepEvent {
  readonly type: 'pairs';
  /** Steps done, from 1. */
  readonly step: number;
  readonly steps: number;
  /** Side of the pictures in pixels. */
  readonly size: number;
  /** Before the step. */
  readonly loss: number;
  /** Norm of all gradients before clipping. */
  readonly norm: number;
  /** Factor on the cosines after the step. */
  readonly scale: number;
  readonly lr: number;
  readonly pairsPerSecond: number;
  /** Since the training began or was resumed. */
  readonly seconds: number;
  readonly etaSeconds: number;
}
