import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import type { TrainResults } from '../detect/results.ts';
import { parseResults } from '../detect/stored_results.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import { readRunFile } from '../run/run_file.ts';
import { runStudy, SharedWork } from '../study/run_study.ts';
import { type StudyRun, studyRunFingerprint } from '../study/study_run.ts';
import type { TrainContext } from '../train/train_run.ts';
import { gridCells } from './grid.ts';
import type { Input } from './input.ts';
import { isWhole } from './list_inputs.ts';
import type { Plan, Shard } from './plan.ts';
import type { ShardDoer, ShardResult } from './work.ts';

/** Where finished runs lie in a plan, and where they are made. */
export const RUNS = 'runs';
const MAKING = '.making';

/** Does the cells of a grid as `runStudy` does the runs of a study; what cells share is kept from one to the next. Release it after use. */
export class GridRunner implements ShardDoer {
  readonly #context: TrainContext;
  readonly #plan: Plan;
  readonly #root: string;
  readonly #shared: SharedWork;
  #cells: ReadonlyMap<string, StudyRun> | null = null;

  /** @param root where the data sets lie, when not where the plan has them */
  constructor(context: TrainContext, plan: Plan, { root, cache }: { root?: string | null; cache?: number } = {}) {
    this.#context = context;
    this.#plan = plan;
    this.#root = root ?? plan.facts.places.root;
    this.#shared = new SharedWork(cache);
  }

  async do(_shard: Shard, [{ path }]: readonly Input[]): Promise<ShardResult> {
    const { fs, gpu } = this.#context;
    this.#cells ??= await gridCells(fs, this.#plan);
    const planned = this.#cells.get(path);
    if (!planned) throw new FusionclipError('bad_data', `The plan has no cell ${path}; make it again.`);
    const stays = this.#root === '' || isWhole(planned.data);
    const run = { ...planned, data: stays ? planned.data : joinPath(this.#root, planned.data) };
    const place = joinPath(this.#plan.path, RUNS, path);
    const known = await this.#known(place, run);
    if (!known) await this.#make(run, path, place);
    const file = joinPath(place, 'results.json');
    const bytes = await fs.readFile(file);
    const results = await readRunFile(fs, file, parseResults, `remove ${place}, and the run is trained again`);
    return {
      adapter: describeAdapter(gpu.facts),
      rows: [{ sha256: await sha256(bytes), cells: cellsOf(run, results!) }],
    };
  }

  release(): void {
    this.#shared.release();
  }

  /** Whether the run is there: a worker that was killed has finished it and not written its part. */
  async #known(place: string, run: StudyRun): Promise<boolean> {
    const { fs } = this.#context;
    const mark = joinPath(place, 'run.json');
    if (!(await fs.stat(mark))) return false;
    return new TextDecoder().decode(await fs.readFile(mark)).trim() === studyRunFingerprint(run);
  }

  /** Makes a run in a folder of its own and moves it to its place: two workers may do the same one. */
  async #make(run: StudyRun, path: string, place: string): Promise<void> {
    const { fs } = this.#context;
    const own = joinPath(this.#plan.path, RUNS, MAKING, crypto.randomUUID());
    try {
      const { finished, failed, stopped } = await runStudy(this.#context, [run], own, { shared: this.#shared });
      if (stopped) throw stopped;
      if (finished.length === 0) {
        const { reason, code } = failed[0];
        throw code === null ? new Error(reason) : new FusionclipError(code, reason);
      }
      if (await this.#known(place, run)) return;
      await fs.remove(place); // of other settings, or half moved
      await fs.makeDir(place.slice(0, place.lastIndexOf('/')));
      try {
        await fs.rename(joinPath(own, path), place);
      } catch (error) {
        if (!(await this.#known(place, run))) throw error; // else another worker was quicker
      }
    } finally {
      await fs.remove(own);
    }
  }
}

function cellsOf({ set, method, shots, seed }: StudyRun, { selectedBy, selected }: TrainResults): string[] {
  const { epoch, image, pixel, pixelThreshold } = selected;
  const numbers = [
    ...[epoch, image.auroc, image.averagePrecision, image.f1Max],
    ...[pixel?.auroc, pixel?.averagePrecision, pixel?.f1Max, pixel?.aupro],
    ...[pixelThreshold?.dice, pixelThreshold?.diceMean],
  ];
  const text = (value: number | null | undefined) =>
    value === null || value === undefined || Number.isNaN(value) ? '' : String(value);
  return [set, method, text(shots), String(seed), selectedBy, ...numbers.map(text)];
}
