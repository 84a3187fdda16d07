import { FusionclipError } from '../../base/errors.ts';
import { joinPath } from '../../base/paths.ts';
import { openDataset } from '../../data/layout/open.ts';
import { runSettings } from '../../run/run_config.ts';
import { requireNoRun } from '../../run/run_folder.ts';
import type { TrainContext } from '../../train/train_run.ts';
import { planOf, type SkippedRow } from '../reproduction/plan.ts';
import { RUNS } from '../reproduction/records.ts';
import { STUDY_ROWS } from '../reproduction/rows.ts';
import { runStudy, type StudyOutcome } from '../run_study.ts';
import { studyRunPath } from '../study_run.ts';

/** Trainings that differ in method, support images and seed, on one data set. */
export interface SweepRequest {
  readonly data: string;
  /** CLIP, as `--model` takes it. */
  readonly model: string;
  /** Folder of a MedCLIP, for the method of this name; or null. */
  readonly medclip: string | null;
  /** Folder of the sweep. */
  readonly out: string;
  /** Names of `STUDY_ROWS`. */
  readonly methods: readonly string[];
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Settings of every run, by name, as texts; for a method that has no use for one it is left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** MiB of GPU memory for features that runs have in common. */
  readonly cache?: number;
}

/** What a sweep has run. */
export interface SweepOutcome extends StudyOutcome {
  /** Folders of the finished runs. */
  readonly folders: readonly string[];
  readonly skipped: readonly SkippedRow[];
  /** Runs in all. */
  readonly total: number;
}

/**
 * Trains every method with every number of support images and every seed, each in a run folder below `out`. Goes on where an
 * earlier call with the same arguments was interrupted; a run that fails does not stop the rest.
 * @throws FusionclipError `io`, `bad_data` for the data set; `usage` when nothing can be run, or another process writes there
 */
export async function sweep(context: TrainContext, request: SweepRequest): Promise<SweepOutcome> {
  const { data, model, medclip, out, methods, shots, seeds } = request;
  await requireNoRun(context.fs, out);
  const settings = { 'map.files': 'none', ...request.settings };
  const { name } = await openDataset(context.fs, data, runSettings(request.settings).train);
  const rows = STUDY_ROWS.filter((row) => methods.includes(row.name));
  const set = { name, folder: data };
  const { runs, skipped } = planOf({ model, medclip, seeds, settings }, [{ rows, sets: [set], shots }]);
  if (runs.length === 0) throw new FusionclipError('usage', skipped[0].reason);
  for (const { reason } of skipped) context.onEvent?.({ type: 'note', text: `Skipped: ${reason}` });
  const outcome = await runStudy(context, runs, joinPath(out, RUNS), { cache: request.cache });
  const folders = outcome.finished.map(({ run }) => joinPath(out, RUNS, studyRunPath(run)));
  return { ...outcome, folders, skipped, total: runs.length };
}
