/**
 * fusionclip: few-shot anomaly detection in medical images with CLIP, trained and run on WebGPU.
 *
 * `open()` is the way in. What it is made of has sub-paths of its own, one for each area: `fusionclip/gpu`, `fusionclip/nn`,
 * `fusionclip/data` and so on.
 *
 * @packageDocumentation
 */
export { type ErrorCode, FusionclipError } from './base/errors.ts';
export type { Entry, EntryKind, FileLock, FileSystem, FileWriter } from './base/file_system.ts';
export type { GivenValues } from './base/option.ts';
export { VERSION } from './base/version.ts';
export type { PatientRow, VolumePredictions, VolumeRow } from './detect/predict_volumes.ts';
export type { VolumeResult as WrittenResult } from './detect/volume_results.ts';
export { BlobFiles } from './host/blob_files.ts';
export { Fusionclip, type OpenOptions, type TrainedRun } from './open/fusionclip.ts';
export type { Given } from './open/given.ts';
export type { LoadedRun, Prediction } from './open/loaded_run.ts';
export { open } from './open/page.ts';
export type {
  BatchChoices,
  CalibrateChoices,
  CallOptions,
  EvaluateChoices,
  LoadChoices,
  MethodSettings,
  OutputChoices,
  PredictChoices,
  PredictVolumesChoices,
  TrainChoices,
  Trained,
  TrainingSettings,
  VolumeChoices,
} from './open/settings.ts';
export type { RunEvent, RunListener, StepEvent, TrainedStep } from './run/events.ts';
export { TRAIN_OPTIONS } from './run/options.ts';
export type { SelectionScore } from './run/run_state.ts';
