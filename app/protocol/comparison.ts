/** Two sessions beside each other. */

/** What a session says of an image. */
export interface CalledImage {
  readonly score: number;
  /** `abnormal`, `normal`, or as a calibration decides; null without a threshold. */
  readonly call: string | null;
}

/** One of two sessions that are compared. */
export interface ComparedSide {
  /** What its weights were trained on, in a few words. */
  readonly weights: string;
  /** How many images it has scored. */
  readonly images: number;
  /** How many of them it calls abnormal; null without a threshold. */
  readonly abnormal: number | null;
}

/** What two sessions say of the images of equal names. */
export interface ComparedResults {
  readonly sides: readonly [ComparedSide, ComparedSide];
  /** How many names both have. */
  readonly common: number;
  /** Rank correlation of their scores; null for fewer than three, or where all are equal. */
  readonly ranks: number | null;
  /** Those that are called differently, the furthest apart in their ranks first. */
  readonly differing: readonly { readonly id: string; readonly sides: readonly [CalledImage, CalledImage] }[];
}
