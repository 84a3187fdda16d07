export type { Lut } from '../dicom/lut.ts';
export type { Voi, VoiFunction, Window } from '../dicom/voi.ts';
export type { Affine } from '../nifti/affine.ts';
export type { GreyRule } from '../volume/grey.ts';
export type { SlicePlace } from '../volume/sliced_volume.ts';
export type { Volume, VolumeSlice } from '../volume/volume.ts';
export {
  CHECKLIST,
  CHECKLISTS,
  type ChecklistName,
  type FilledChecklist,
  fillChecklist,
} from './checklist/checklist.ts';
export type { ChecklistItem, ChecklistRun, Known } from './checklist/known.ts';
export { renderComparison, writeComparison } from './comparison/report.tsx';
export { type BandedCurve, type BandPoint, type ImageCurves, imageCurves, type Point } from './curves.ts';
export { findRuns } from './find_runs.ts';
export type { GalleryItem } from './gallery_item.ts';
export { writeGap } from './gap/report.tsx';
export { CURVES, MODEL_CARD, writeModelCard } from './model_card.tsx';
export { openPictures, type PictureSource, type RunPictures, type RunSources } from './pictures.ts';
export type { Prediction } from './prediction.ts';
export {
  type LoggedStep,
  type RunData,
  type RunEnvironment,
  type RunRecord,
  type RunShots,
  readRun,
  type SelectionPoint,
} from './read_run.ts';
export { REPORT, type ReportOptions, renderReport, requireOwnReport, writeReport } from './report.tsx';
export type { MapStrip } from './reproduction/map_strips.ts';
export { renderReproduction, writeReproductionReport } from './reproduction/report.tsx';
export { type Verdict, verdictOf } from './verdict.ts';
