import type { FileSystem } from '../data/file_system.ts';
import { joinPath } from '../data/paths.ts';
import { FusionclipError } from '../gpu/errors.ts';
import { formatDuration, Pace } from '../run/index.ts';
import { type RunContext, type TrainResults, trainRun } from '../train/index.ts';
import { type Cell, cellFingerprint, cellPath, type FailedCell, type FinishedCell } from './cell.ts';

/** What became of the cells of a grid, each list in the order of the cells. */
export interface GridOutcome {
  readonly finished: readonly FinishedCell[];
  readonly failed: readonly FailedCell[];
}

/** Failures after which no other cell can run either. */
const FATAL = new Set(['interrupted', 'device_lost', 'no_adapter']);

/**
 * Runs the cells of a study one after the other, each in a run folder below `out`. A cell that was finished by an
 * earlier call is not run again, so an interrupted grid goes on where it was; one that fails does not stop the rest.
 * @throws FusionclipError `interrupted`, `device_lost`, `no_adapter`
 */
export async function runGrid(context: RunContext, cells: readonly Cell[], out: string): Promise<GridOutcome> {
  const { fs, onEvent = () => {} } = context;
  const finished: FinishedCell[] = [];
  const failed: FailedCell[] = [];
  const pace = new Pace();
  for (const [i, cell] of cells.entries()) {
    context.signal?.throwIfAborted();
    const folder = joinPath(out, cellPath(cell));
    const old = await finishedResults(fs, folder, cell);
    if (old) {
      finished.push({ cell, results: old });
      continue;
    }
    try {
      const results = await runCell(context, cell, folder);
      finished.push({ cell, results });
      const { etaSeconds } = pace.tick(cells.length - i - 1);
      onEvent({ type: 'note', text: progressLine(cell, results, i + 1, cells.length, etaSeconds) });
    } catch (error) {
      if (!(error instanceof FusionclipError) || FATAL.has(error.code)) throw error;
      failed.push({ cell, reason: error.message });
      onEvent({ type: 'note', text: `${describe(cell)} failed: ${error.message}` });
    }
  }
  return { finished, failed };
}

/** Which results belong to which cell is written beside the run. */
const FINGERPRINT = 'cell.json';

async function runCell(context: RunContext, cell: Cell, folder: string): Promise<TrainResults> {
  const { data, model, settings, seed } = cell;
  const { results } = await trainRun(
    // Steps of a cell are no news in a grid of a hundred; `metrics.jsonl` has them.
    { ...context, onEvent: undefined },
    { data, model, out: folder, settings: { ...settings, seed: String(seed) }, force: true },
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

function describe({ set, method, seed }: Cell): string {
  return `${set}, ${method}, seed ${seed}`;
}

function progressLine(cell: Cell, { selected }: TrainResults, done: number, total: number, eta: number): string {
  const pixel = selected.pixel ? `, pixel AUROC ${selected.pixel.auroc.toFixed(3)}` : '';
  const score = `image AUROC ${selected.image.auroc.toFixed(3)}${pixel}`;
  return `${done} of ${total}: ${describe(cell)}: ${score}; ${formatDuration(eta)} left`;
}
