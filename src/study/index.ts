export {
  EMBEDDED_MODEL,
  EMBEDDED_SETTINGS,
  type EmbeddedRequest,
  type EmbeddedResults,
  type Goal,
  studyEmbedded,
} from './embedded.ts';
export { type GridOptions, type GridOutcome, runGrid } from './grid.ts';
export { type NamedPicture, type Naming, nameZeroShot } from './naming.ts';
export { METRIC_NAMES, PAPER_FIGURES, PAPER_TABLES } from './reproduction/exhibits.ts';
export { PAPER_SETS } from './reproduction/paper.ts';
export {
  type Reproduction,
  type ReproductionOutcome,
  type ReproductionRequest,
  reproduce,
} from './reproduction/reproduce.ts';
export { STUDY_ROWS } from './reproduction/rows.ts';
export { findSets, type StudySet } from './reproduction/sets.ts';
export { formatReproduction } from './reproduction/text.ts';
export type { Cell, FailedCell, FinishedCell } from './study_run.ts';
export { type Spread, type SummaryRow, spreadOf, summarise } from './summary.ts';
export { formatEmbedded, formatRows } from './table.ts';
