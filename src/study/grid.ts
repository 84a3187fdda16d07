import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { formatDuration, Pace } from '../base/progress.ts';
import { InspectedSets } from '../data/layout/inspected.ts';
import type { TrainResults } from '../detect/results.ts';
import type { RunContext } from '../detect/run_context.ts';
import { SharedFeatures } from '../detect/shared_features.ts';
import { FolderLock } from '../run/lock.ts';
import { SharedTrainings, trainRun } from '../train/index.ts';
import type { TrainContext } from '../train/train_run.ts';
import { type Cell, cellFingerprint, cellPath, describeCell, type FailedCell, type FinishedCell } from './study_run.ts';

/** What became of the cells of a grid, each list in the order of the cells. */
export interface GridOutcome {
  readonly finished: readonly FinishedCell[];
  readonly failed: readonly FailedCell[];
  /** Why the rest was not run: Ctrl-C, or what no other cell could run after; null when all were. */
  readonly stopped: unknown;
}

/** How a grid is run. */
export interface GridOptions {
  /** MiB of GPU memory for features of images that cells on one data set and model have in common. Default 1024. */
  readonly cache?: number;
}

/** Bytes of weights on the host, for cells that differ from each other in what inference reads alone. */
const TRAININGS = 2 ** 30;

/** Failures after which no other cell can run either. */
const FATAL = new Set(['device_lost', 'no_adapter']);

/**
 * Runs the cells of a study one after the other, each in a run folder below `out`. A cell that was finished by an
 * earlier call is not run again, so an interrupted grid goes on where it was; one that fails does not stop the rest.
 * Cells on one data set and model share features, and those that differ in what inference reads alone share a training;
 * best when they follow each other.
 * When it is interrupted, or no device is left, the outcome has what was finished by then.
 * @throws FusionclipError `usage` when another process writes to `out`
 */
export async function runGrid(
  context: TrainContext,
  cells: readonly Cell[],
  out: string,
  { cache = 1024 }: GridOptions = {},
): Promise<GridOutcome> {
  const lock = await FolderLock.take(context.fs, out, (text) => context.onEvent?.({ type: 'note', text }), 0);
  try {
    return await runCells(context, cells, out, cache);
  } finally {
    await lock.release();
  }
}

async function runCells(context: RunContext, cells: readonly Cell[], out: string, cache: number): Promise<GridOutcome> {
  const { fs, signal, onEvent = () => {} } = context;
  const results = new Map<Cell, TrainResults>();
  for (const cell of cells) {
    const old = await finishedResults(fs, joinPath(out, cellPath(cell)), cell);
    if (old) results.set(cell, old);
  }
  const due = cells.filter((cell) => !results.has(cell));
  const failed: FailedCell[] = [];
  let stopped: unknown = null;
  // Cells differ: the remaining time is foreseen from all that have run.
  const pace = new Pace(undefined, Number.POSITIVE_INFINITY);
  const features = new SharedFeatures(cache * 2 ** 20);
  const trainings = new SharedTrainings(TRAININGS);
  const inspected = new InspectedSets();
  try {
    for (const [i, cell] of due.entries()) {
      signal?.throwIfAborted();
      onEvent({ type: 'stage', what: `cells (now ${describeCell(cell)})`, done: i, total: due.length });
      let news: string;
      try {
        const own = await runCell({ ...context, features, trainings, inspected }, cell, joinPath(out, cellPath(cell)));
        results.set(cell, own);
        news = scoreText(own);
      } catch (error) {
        if (error instanceof FusionclipError && error.code === 'interrupted') throw interruptedIn(cell, error);
        if (signal?.aborted || (error instanceof FusionclipError && FATAL.has(error.code))) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        failed.push({ cell, reason, code: error instanceof FusionclipError ? error.code : null });
        news = `failed: ${reason}`;
      }
      const { etaSeconds } = pace.tick(due.length - i - 1);
      const left = `${formatDuration(etaSeconds)} left`;
      onEvent({ type: 'note', text: `${i + 1} of ${due.length}: ${describeCell(cell)}: ${news}; ${left}` });
    }
  } catch (error) {
    stopped = error;
  } finally {
    features.release();
  }
  const finished = cells.flatMap((cell) => (results.has(cell) ? [{ cell, results: results.get(cell)! }] : []));
  return { finished, failed, stopped };
}

/** A grid goes on by itself; what a run says of how to go on is not for its user. */
function interruptedIn(cell: Cell, cause: FusionclipError): FusionclipError {
  const text = `Interrupted in ${describeCell(cell)}; finished runs are kept: the same command again goes on.`;
  return new FusionclipError('interrupted', text, { cause });
}

/** Which results belong to which cell is written beside the run. */
const FINGERPRINT = 'cell.json';

async function runCell(context: TrainContext, cell: Cell, folder: string): Promise<TrainResults> {
  const { data, model, settings, seed, mapsOf } = cell;
  const { results } = await trainRun(
    // Steps of a cell are no news in a grid of a hundred; `metrics.jsonl` has them.
    { ...context, onEvent: undefined },
    { data, model, out: folder, settings: { ...settings, seed: String(seed) }, mapsOf, force: true },
  );
  await context.fs.writeFile(joinPath(folder, FINGERPRINT), `${cellFingerprint(cell)}\n`);
  return results;
}

async function finishedResults(fs: FileSystem, folder: string, cell: Cell): Promise<TrainResults | null> {
  const [fingerprint, results] = [joinPath(folder, FINGERPRINT), joinPath(folder, 'results.json')];
  if (!(await fs.stat(fingerprint)) || !(await fs.stat(results))) return null;
  const read = async (path: string) => new TextDecoder().decode(await fs.readFile(path));
  if ((await read(fingerprint)).trim() !== cellFingerprint(cell)) return null;
  return JSON.parse(await read(results)) as TrainResults;
}

function scoreText({ selected, selectedBy }: TrainResults): string {
  const pixel = selected.pixel ? `, pixel AUROC ${selected.pixel.auroc.toFixed(3)}` : '';
  const oracle = selectedBy === 'test-oracle' ? ' (test-oracle)' : '';
  return `image AUROC ${selected.image.auroc.toFixed(3)}${pixel}${oracle}`;
}
