import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { sha256 } from '../base/sha256.ts';
import { openDataset } from '../data/layout/open.ts';
import { openModel } from '../detect/backbone.ts';
import { runSettings } from '../run/run_config.ts';
import { planOf } from '../study/reproduction/plan.ts';
import { STUDY_ROWS } from '../study/reproduction/rows.ts';
import { type StudyRun, studyRunFingerprint, studyRunPath } from '../study/study_run.ts';
import { wholePath } from './archive.ts';
import { oneEach } from './cut.ts';
import type { Input } from './input.ts';
import { rooted } from './list_inputs.ts';
import { type Column, type Plan, PlanWriter } from './plan.ts';

/** Trainings that differ in data set, method, support images and seed. */
export interface GridRequest {
  /** Folders of data sets. */
  readonly data: readonly string[];
  /** CLIP, as `--model` takes it. */
  readonly model: string;
  /** Folder of a MedCLIP, for the method of this name; or null. */
  readonly medclip: string | null;
  readonly out: string;
  /** Names of `STUDY_ROWS`. */
  readonly methods: readonly string[];
  readonly shots: readonly number[];
  readonly seeds: readonly number[];
  /** Of all runs, as far as they mean something to them. */
  readonly settings: Readonly<Record<string, string>>;
  /** Data sets below it are planned without it. */
  readonly root: string | null;
  readonly say?: (text: string) => void;
}

/** Columns of the results of a cell. */
export const GRID_COLUMNS: readonly Column[] = [
  ...(['set', 'method'] as const).map((name): Column => ({ name, type: 'text' })),
  ...(['shots', 'seed'] as const).map((name): Column => ({ name, type: 'number' })),
  { name: 'selectedBy', type: 'text' },
  ...(
    [
      ...['epoch', 'imageAuroc', 'imageAveragePrecision', 'imageF1Max'],
      ...['pixelAuroc', 'pixelAveragePrecision', 'pixelF1Max', 'aupro', 'dice', 'diceMean'],
    ] as const
  ).map((name): Column => ({ name, type: 'number' })),
];

const CELLS = 'cells.json';

/**
 * Plans a grid of trainings, a shard each. Those that share features, and among them a training, follow each other, so that a worker
 * with a range of them does what they share once.
 * @throws FusionclipError `io`, `bad_data`, `bad_model` for what cannot be opened, `usage` when nothing can be run
 */
export async function planGrid(fs: FileSystem, request: GridRequest): Promise<Plan> {
  const { methods, shots, seeds, out } = request;
  const model = await wholePath(fs, request.model);
  const medclip = request.medclip && (await wholePath(fs, request.medclip));
  const settings = { 'map.files': 'none', ...request.settings };
  const name = await rooted(fs, request.root);
  const sets: { name: string; folder: string }[] = [];
  const facts = new Map<string, string>();
  for (const folder of request.data) {
    const dataset = await openDataset(fs, folder, runSettings(request.settings).train);
    if (sets.some((set) => set.name === dataset.name)) {
      throw new FusionclipError('usage', `Two data sets are called ${dataset.name}; make a plan for each.`);
    }
    sets.push({ name: dataset.name, folder: name(folder) });
    const bytes = new TextEncoder().encode(JSON.stringify(dataset).replaceAll(folder, ''));
    facts.set(dataset.name, await sha256(bytes));
  }
  const models = { clip: (await openModel(fs, model)).identity.hash, medclip: '' };
  if (medclip !== null) models.medclip = (await openModel(fs, medclip)).identity.hash;
  const rows = STUDY_ROWS.filter((row) => methods.includes(row.name));
  const { runs, skipped } = planOf({ model, medclip, seeds, settings }, [{ rows, sets, shots }]);
  if (runs.length === 0) throw new FusionclipError('usage', skipped[0]?.reason ?? 'There is nothing to run.');
  for (const { reason } of skipped) request.say?.(`Skipped: ${reason}`);
  const inputs: Input[] = [];
  const cells: Record<string, StudyRun> = {};
  for (const run of runs) {
    const path = studyRunPath(run);
    const all = [studyRunFingerprint(run), facts.get(run.set), models];
    const hash = await sha256(new TextEncoder().encode(JSON.stringify(all)));
    inputs.push({ path, patient: hash.slice(0, 16), images: 1 });
    cells[path] = run;
  }
  const writer = await PlanWriter.open(fs, out, {
    ...{
      plan: 'grid',
      config: {},
      places: { root: request.root === null ? '' : await wholePath(fs, request.root) },
      columns: [...GRID_COLUMNS],
      sorted: false,
    },
  });
  try {
    for (const shard of oneEach(inputs)) await writer.add(shard);
    await fs.writeFile(joinPath(out, CELLS), `${JSON.stringify(cells, null, 1)}\n`);
    return await writer.close(0);
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** The runs of a grid by their names. */
export async function gridCells(fs: FileSystem, plan: Plan): Promise<ReadonlyMap<string, StudyRun>> {
  const text = new TextDecoder().decode(await fs.readFile(joinPath(plan.path, CELLS)));
  return new Map(Object.entries(JSON.parse(text) as Record<string, StudyRun>));
}
