/** One test image as `predictions.csv` has it. */
export interface Prediction {
  readonly id: string;
  readonly label: 0 | 1;
  readonly score: number;
  /** Whether the run calls it abnormal; null without a threshold. */
  readonly abnormal: boolean | null;
  /** Lowest and highest value of its map. */
  readonly range: readonly [number, number];
}
