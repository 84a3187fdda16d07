export { renderComparison, writeComparison } from './comparison/report.tsx';
export { type ImageCurves, imageCurves } from './curves.ts';
export { findRuns } from './find_runs.ts';
export { CURVES, MODEL_CARD, writeModelCard } from './model_card.tsx';
export { openPictures, type RunPictures } from './pictures.ts';
export { type RunRecord, readRun } from './read_run.ts';
export { REPORT, type ReportOptions, renderReport, writeReport } from './report.tsx';
export { renderReproduction, writeReproductionReport } from './reproduction/report.tsx';
export { type Verdict, verdictOf } from './verdict.ts';
