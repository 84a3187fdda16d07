import type { FileSystem } from '../../base/file_system.ts';
import { joinPath } from '../../base/paths.ts';
import type { GridOutcome } from '../grid.ts';
import { type Cell, cellPath } from '../study_run.ts';
import { metricOf } from './entries.ts';
import { METRIC_NAMES, type Metric } from './exhibits.ts';

/** One cell with all that is known of it; its run folder has the rest. */
export interface CellRecord {
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
  /** Says so when the epoch was chosen by the labels that it is judged by. */
  readonly warning: string | null;
  readonly adapter: string | null;
  readonly seconds: number | null;
  /** Files of the support images. */
  readonly support: { readonly normal: readonly string[]; readonly abnormal: readonly string[] } | null;
  /** Shares, not percent; null where there is none. */
  readonly metrics: Readonly<Record<Metric, number | null>> | null;
}

/** The folder of the cells' runs in that of a study. */
export const CELLS = 'cells';

/** A record of each cell that was run, in the order of the cells. @param out folder of the study */
export async function recordsOf(
  fs: FileSystem,
  out: string,
  cells: readonly Cell[],
  { finished, failed }: GridOutcome,
): Promise<CellRecord[]> {
  const results = new Map(finished.map((one) => [one.cell, one.results]));
  const reasons = new Map(failed.map(({ cell, reason }) => [cell, reason]));
  const records: CellRecord[] = [];
  for (const cell of cells) {
    const folder = joinPath(CELLS, cellPath(cell));
    const own = results.get(cell);
    if (!own && !reasons.has(cell)) continue;
    const read = (name: string) => (own ? readJson(fs, joinPath(out, folder, name)) : null);
    const shots = await read('shots.json');
    const environment = await read('env.json');
    const value = (metric: Metric) => metricOf(own!.selected, metric) ?? null;
    const metrics = Object.keys(METRIC_NAMES) as Metric[];
    records.push({
      set: cell.set,
      row: cell.method,
      shots: cell.shots!,
      seed: cell.seed,
      folder,
      settings: cell.settings,
      failed: reasons.get(cell) ?? null,
      selectedBy: own?.selectedBy ?? null,
      warning: own?.warning ?? null,
      adapter: (environment?.adapter as string) ?? null,
      seconds: (environment?.seconds as number) ?? null,
      support: shots && ({ normal: shots.normal, abnormal: shots.abnormal } as CellRecord['support']),
      metrics: own ? (Object.fromEntries(metrics.map((name) => [name, value(name)])) as CellRecord['metrics']) : null,
    });
  }
  return records;
}

async function readJson(fs: FileSystem, path: string): Promise<Record<string, unknown> | null> {
  if (!(await fs.stat(path))) return null;
  return JSON.parse(new TextDecoder().decode(await fs.readFile(path)));
}
