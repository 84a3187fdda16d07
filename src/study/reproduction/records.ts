import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import { parseObject, REMOVE, readRunFile } from '../../run/run_file.ts';
import type { StudyOutcome } from '../run_study.ts';
import { type StudyRun, studyRunPath } from '../study_run.ts';
import { metricOf } from './entries.ts';
import { METRIC_NAMES, type Metric } from './paper_items.ts';

/** One run with all that is known of it; its run folder has the rest. */
export interface StudyRunRecord {
  readonly set: string;
  readonly row: string;
  readonly shots: number;
  readonly seed: number;
  /** Run folder below the study's own. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Why it failed, or null. */
  readonly failed: string | null;
  /** How the epoch was chosen; null for one that failed. */
  readonly selectedBy: string | null;
  /** Says so when the epoch was chosen by the labels that it is evaluated by. */
  readonly warning: string | null;
  readonly adapter: string | null;
  readonly seconds: number | null;
  /** Files of the support images. */
  readonly support: { readonly normal: readonly string[]; readonly abnormal: readonly string[] } | null;
  /** Shares, not percent; null where there is none. */
  readonly metrics: Readonly<Record<Metric, number | null>> | null;
}

/** The folder of the runs' runs in that of a study. */
export const RUNS = 'runs';

/** A record of each run that was run, in the order of the runs. @param out folder of the study */
export async function recordsOf(
  fs: FileSystem,
  out: string,
  runs: readonly StudyRun[],
  { finished, failed }: StudyOutcome,
): Promise<StudyRunRecord[]> {
  const results = new Map(finished.map((one) => [one.run, one.results]));
  const reasons = new Map(failed.map(({ run, reason }) => [run, reason]));
  const records: StudyRunRecord[] = [];
  for (const run of runs) {
    const folder = joinPath(RUNS, studyRunPath(run));
    const own = results.get(run);
    if (!own && !reasons.has(run)) continue;
    const read = (name: string) =>
      own ? readRunFile(fs, joinPath(out, folder, name), parseObject, REMOVE.record) : null;
    const shots = await read('shots.json');
    const environment = await read('env.json');
    const value = (metric: Metric) => metricOf(own!.selected, metric) ?? null;
    const metrics = Object.keys(METRIC_NAMES) as Metric[];
    records.push({
      set: run.set,
      row: run.method,
      shots: run.shots!,
      seed: run.seed,
      folder,
      settings: run.settings,
      failed: reasons.get(run) ?? null,
      selectedBy: own?.selectedBy ?? null,
      warning: own?.warning ?? null,
      adapter: (environment?.adapter as string) ?? null,
      seconds: (environment?.seconds as number) ?? null,
      support: shots && ({ normal: shots.normal, abnormal: shots.abnormal } as StudyRunRecord['support']),
      metrics: own
        ? (Object.fromEntries(metrics.map((name) => [name, value(name)])) as StudyRunRecord['metrics'])
        : null,
    });
  }
  return records;
}
