export {
  type Asked,
  type ChangedDecision,
  type CheckedRun,
  checkRun,
  type MetricCheck,
  type RunCheck,
} from './ci/check_run.ts';
export { type Limits, limits } from './ci/metrics.ts';
export { checkJUnit, checkMarkdown, checkText } from './ci/text.ts';
export type { ComparedRun } from './comparison/compared.ts';
export {
  type ComparedSet,
  type Comparison,
  type ComparisonBaseline,
  type ComparisonOptions,
  type ComparisonRow,
  compareRuns,
  type Difference,
} from './comparison/comparison.ts';
export { type SweepOutcome, type SweepRequest, sweep } from './comparison/sweep.ts';
export { comparisonCsv, formatComparison } from './comparison/text.ts';
export {
  EMBEDDED_MODEL,
  EMBEDDED_MODELS,
  type EmbeddedRequest,
  type EmbeddedResults,
  type Goal,
  NATURAL_MODEL,
  studyEmbedded,
} from './embedded.ts';
export {
  DEVELOPMENT,
  type DevelopResults,
  developGap,
  formatTrials,
  type TrialRow,
  USUAL_TRIALS,
} from './gap/develop.ts';
export { type GapRequest, type GapResults, studyGap } from './gap/gap.ts';
export { gapRows } from './gap/gap_rows.ts';
export type { GapMetric, GapRun, GapValues } from './gap/gap_run.ts';
export type { GapGoal } from './gap/goals.ts';
export { ALL_SETS, type GapDifference, type GapRow } from './gap/summary.ts';
export { formatGap, intervalText, signedText } from './gap/text.ts';
export type { PhantomCounts } from './phantom_sets.ts';
export type { Entry } from './reproduction/entries.ts';
export { PAPER_SETS, type PaperRow } from './reproduction/paper.ts';
export { METRIC_NAMES, type Metric, PAPER_FIGURES, PAPER_TABLES } from './reproduction/paper_items.ts';
export type { SkippedRow } from './reproduction/plan.ts';
export type { StudyRunRecord } from './reproduction/records.ts';
export {
  type PaperItemFacts,
  type Reproduction,
  type ReproductionOutcome,
  type ReproductionRequest,
  reproduce,
} from './reproduction/reproduce.ts';
export { type Settings, STUDY_ROWS, type StudyRow } from './reproduction/rows.ts';
export { findSets, type StudySet } from './reproduction/sets.ts';
export { formatReproduction } from './reproduction/text.ts';
export { runStudy, SharedWork, type StudyOptions, type StudyOutcome } from './run_study.ts';
export type { FailedStudyRun, FinishedStudyRun, StudyRun } from './study_run.ts';
export { type Spread, type SummaryRow, spreadOf, summarise } from './summary.ts';
export { formatEmbedded, formatRows } from './table.ts';
export { type NamedPicture, type NamingAccuracy, nameZeroShot } from './zero_shot_naming.ts';
