import { VERSION } from '../base/version.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import type { IntensityMetrics } from '../metrics/intensity_baseline.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { Choice } from '../run/run_state.ts';
import type { Calibration, Evaluation } from './evaluation.ts';
import type { SetMetrics } from './set_metrics.ts';
import type { VolumeMetrics } from './volume_metrics.ts';

/** The result of weights on the test split. */
export interface WeightsResult extends SetMetrics {
  readonly epoch: number;
  readonly step: number;
  /** Learning rate of a grid, or null. */
  readonly rate: number | null;
}

/**
 * How the weights were chosen; `test-oracle` looked at the test split and is no fair result. `none`: the method has no
 * weights to train.
 */
export type SelectedBy = 'valid' | 'last' | 'test-oracle' | 'none';

/** `results.json`. */
export interface TrainResults {
  readonly fusionclip: string;
  /** Its name, as `--method` takes it. */
  readonly method: string;
  readonly data: string;
  readonly kind: DatasetKind;
  readonly split: 'test';
  readonly shots: { readonly normal: number; readonly abnormal: number };
  readonly selectedBy: SelectedBy;
  /** The value of a map that has the hottest colour in all pictures of the run; null where nothing was there to choose it on. */
  readonly mapScale: number | null;
  /** Says so when the weights were chosen by the labels that they are evaluated by. */
  readonly warning: string | null;
  /** What the chosen weights scored on the images that they were chosen on. */
  readonly selection: Choice | null;
  readonly selected: WeightsResult;
  /** The weights at the end of training. */
  readonly last: WeightsResult;
  /** What brightness alone reaches, in the better direction: see `intensityBaselines`. */
  readonly trivial: IntensityMetrics | null;
  /** What the audit of the data found: images or patients that support and test share, a test set of one patient. */
  readonly findings: readonly string[];
  /** Of the chosen weights; null for pictures, absent in runs of before. */
  readonly volumes?: VolumeMetrics | null;
}

/** The warning that every result of an oracle carries. */
export const ORACLE_WARNING =
  'select test-oracle: the epoch was chosen on the test labels, so these numbers are an upper bound and no result.';

/** Joins the evaluations of a run. */
export function trainResults(
  header: RunConfig,
  shots: TrainResults['shots'],
  selectedBy: SelectedBy,
  selected: { readonly choice: Choice; readonly evaluation: Evaluation; readonly calibration: Calibration },
  last: { readonly choice: Choice; readonly evaluation: Evaluation },
  findings: readonly string[] = [],
  volumes: VolumeMetrics | null = null,
): TrainResults {
  const result = ({ choice, evaluation }: typeof last): WeightsResult => ({
    epoch: choice.epoch,
    step: choice.step,
    rate: header.train['lr.grid'][choice.candidate] ?? null,
    ...evaluation.metrics,
  });
  return {
    fusionclip: VERSION,
    method: header.fusion.method,
    data: header.data.name,
    kind: header.kind,
    split: 'test',
    shots,
    selectedBy,
    mapScale: selected.calibration.mapScale,
    warning: selectedBy === 'test-oracle' ? ORACLE_WARNING : null,
    selection: selected.choice.score ? selected.choice : null,
    selected: result(selected),
    last: result(last),
    trivial: selected.evaluation.trivial,
    findings,
    volumes,
  };
}
