import { INFERENCE_SETTINGS, isMethod } from '../../fusion/index.ts';
import { type Cell, cellPath } from '../study_run.ts';
import type { Exhibit } from './exhibits.ts';
import { type SharedSettings, type StudyRow, settingsOf } from './rows.ts';
import type { StudySet } from './sets.ts';

/** What all cells of a study have in common. */
export interface PlanRequest {
  /** CLIP, as `--model` takes it. */
  readonly model: string;
  /** Folder of a MedCLIP, or null: its rows are then skipped. */
  readonly medclip: string | null;
  readonly seeds: readonly number[];
  readonly settings: SharedSettings;
}

/** A row that cannot be run at all, and why. */
export interface SkippedRow {
  readonly row: string;
  /** One sentence. */
  readonly reason: string;
}

/** The cells of a study. */
export interface Plan {
  /** Each one once, whatever it stands in; those that share features, and among them a training, follow each other. */
  readonly cells: readonly Cell[];
  readonly skipped: readonly SkippedRow[];
}

/** The cells of a row on a set, one for each seed; a single one where nothing is drawn. */
export function cellsOf(request: PlanRequest, row: StudyRow, set: StudySet, shots: number): Cell[] {
  const seeds = row.drawn ? request.seeds : request.seeds.slice(0, 1);
  const { model, medclip } = request;
  const settings = { ...settingsOf(row, request.settings), shots: String(shots) };
  return seeds.map((seed) => ({
    set: set.name,
    method: row.name,
    shots,
    seed,
    data: set.folder,
    model: { clip: model, medclip: medclip ?? '', random: untrained(model, seed) }[row.model],
    settings,
    mapsOf: set.shown,
  }));
}

/** A model of the same shape with weights that were never trained. */
function untrained(model: string, seed: number): string {
  const [, name] = /^generated:([^:]+)/.exec(model) ?? [];
  return name ? `generated:${name}:${seed}` : `random:${model}:${seed}`;
}

/** Why a row cannot be run, or null. */
export function whySkipped({ name, method, model }: StudyRow, { medclip }: PlanRequest): string | null {
  if (model === 'medclip' && medclip === null) return `${name} needs a MedCLIP model; give its folder with --medclip.`;
  return isMethod(method) ? null : `This version has no method ${method}.`;
}

/** All cells that some exhibits need. */
export function planOf(request: PlanRequest, exhibits: readonly Exhibit[]): Plan {
  const rows = exhibits.flatMap((exhibit) => exhibit.rows);
  const reasons = new Map(rows.map((row) => [row.name, whySkipped(row, request)]));
  const needed = exhibits.flatMap((exhibit) =>
    exhibit.rows
      .filter((row) => reasons.get(row.name) === null)
      .flatMap((row) =>
        exhibit.sets.flatMap((set) => exhibit.shots.flatMap((shots) => cellsOf(request, row, set, shots))),
      ),
  );
  const cells = [...new Map(needed.map((cell) => [cellPath(cell), cell])).values()];
  const domain = ({ data, model }: Cell) => JSON.stringify([data, model]);
  return {
    cells: together(
      together(cells, (cell) => domain(cell) + trainingOf(cell)),
      domain,
    ),
    skipped: [...reasons].flatMap(([row, reason]) => (reason === null ? [] : { row, reason })),
  };
}

/** What cells with one training have in common. */
function trainingOf({ seed, settings }: Cell): string {
  const own = ([name]: [string, string]) => name === 'method' || !INFERENCE_SETTINGS.includes(name);
  return JSON.stringify([seed, Object.entries(settings).filter(own)]);
}

/** The cells in their order, but those with one key right after the first of them. */
function together(cells: readonly Cell[], keyOf: (cell: Cell) => string): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) groups.set(keyOf(cell), [...(groups.get(keyOf(cell)) ?? []), cell]);
  return [...groups.values()].flat();
}
