/** What trained weights say of images. */
import type { SetMetrics, Thresholds } from '../../src/detect/set_metrics.ts';
import type { IntensityMetrics } from '../../src/metrics/intensity_baseline.ts';
import type { RocPoint } from '../../src/metrics/roc.ts';
import type { Verdict } from '../../src/report/verdict.ts';

/** A training; trained weights on a labelled set; or on images without labels. */
export type WorkKind = 'train' | 'evaluate' | 'predict';

/** What a calibration says of an image or a patient; null without one. */
export interface DecidedRow {
  readonly id: string;
  readonly score: number;
  readonly pValue?: number | null;
  readonly probability?: number | null;
  readonly decision?: string | null;
}

/** One test image, as a row of the gallery. */
export interface ScoredRow extends DecidedRow {
  readonly label: 0 | 1 | null;
}

/** What a calibration says of images together. */
export interface Calibrated {
  /** Its operating point. */
  readonly threshold: number;
  readonly state: 'covered' | 'shifted' | 'unchecked';
  /** SHA-256 of what it came from. */
  readonly hash: string;
  /** Operating point, coverage and errors, a sentence each. */
  readonly lines: readonly string[];
  readonly patients: readonly DecidedRow[];
}

/** Trained weights that images can be scored with. */
export interface AdaptersFacts {
  readonly name: string;
  readonly bytes: number;
  /** What the file holds of the support images, as a sentence. */
  readonly hold: string;
  /** What they were trained on, in a few words. */
  readonly trainedOn: string;
  /** What the images showed that they were trained on, as prompts call it. */
  readonly object: string;
  /** The model that they belong to. */
  readonly model: string;
}

/** What trained weights do to images. */
export interface Outcome {
  /** The session that keeps it. */
  readonly session: string;
  readonly kind: WorkKind;
  /** Null for images without labels. */
  readonly metrics: SetMetrics | null;
  readonly trivial: IntensityMetrics | null;
  /** What the report says first; null without labels. */
  readonly verdict: Verdict | null;
  /** Those that training chose, or null. */
  readonly thresholds: Thresholds;
  /** Null where the weights are not calibrated. */
  readonly calibrated: Calibrated | null;
  readonly rows: readonly ScoredRow[];
  /** Empty without labels. */
  readonly roc: readonly RocPoint[];
  /** Lowest and highest value of all maps. */
  readonly range: readonly [number, number];
  /** What was trained on what, in a few words each. */
  readonly facts: Readonly<Record<'method' | 'model' | 'data' | 'tested' | 'shots' | 'seed', string>>;
  readonly adapters: AdaptersFacts;
  /** Sentences about what was left out. */
  readonly notes: readonly string[];
}
