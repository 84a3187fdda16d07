import { INFERENCE_SETTINGS, isMethod } from '../../fusion/index.ts';
import { type StudyRun, studyRunPath } from '../study_run.ts';
import { type StudyRow, settingsOf } from './rows.ts';
import type { StudySet } from './sets.ts';

/** What all runs of a study have in common. */
export interface PlanRequest {
  /** CLIP, as `--model` takes it. */
  readonly model: string;
  /** Folder of a MedCLIP, or null: its rows are then skipped. */
  readonly medclip: string | null;
  readonly seeds: readonly number[];
  /** Of all rows, as far as they mean something to them; on top of those that suit the model. */
  readonly settings: Readonly<Record<string, string>>;
}

/** A row that cannot be run at all, and why. */
export interface SkippedRow {
  readonly row: string;
  /** One sentence. */
  readonly reason: string;
}

/** The runs of a study. */
export interface Plan {
  /** Each one once, whatever it stands in; those that share features, and among them a training, follow each other. */
  readonly runs: readonly StudyRun[];
  readonly skipped: readonly SkippedRow[];
}

/** What runs need of a data set. */
export interface RunSet extends Pick<StudySet, 'folder'> {
  readonly name: string;
  /** Ids of the test images whose maps are kept; as the settings say where it is not given. */
  readonly shown?: readonly string[];
}

/** What is to be run: each row on each set with each number of support images. */
export interface PlanItem {
  readonly rows: readonly StudyRow[];
  readonly sets: readonly RunSet[];
  readonly shots: readonly number[];
}

/** The runs of a row on a set, one for each seed; a single one where nothing is drawn. */
export function runsOf(request: PlanRequest, row: StudyRow, set: RunSet, shots: number): StudyRun[] {
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

/** All runs that some items need. */
export function planOf(request: PlanRequest, items: readonly PlanItem[]): Plan {
  const rows = items.flatMap((item) => item.rows);
  const reasons = new Map(rows.map((row) => [row.name, whySkipped(row, request)]));
  const needed = items.flatMap((item) =>
    item.rows
      .filter((row) => reasons.get(row.name) === null)
      .flatMap((row) => item.sets.flatMap((set) => item.shots.flatMap((shots) => runsOf(request, row, set, shots)))),
  );
  const runs = [...new Map(needed.map((run) => [studyRunPath(run), run])).values()];
  const domain = ({ data, model }: StudyRun) => JSON.stringify([data, model]);
  return {
    runs: together(
      together(runs, (run) => domain(run) + trainingOf(run)),
      domain,
    ),
    skipped: [...reasons].flatMap(([row, reason]) => (reason === null ? [] : { row, reason })),
  };
}

/** What runs with one training have in common. */
function trainingOf({ seed, settings }: StudyRun): string {
  const own = ([name]: [string, string]) => name === 'method' || !INFERENCE_SETTINGS.includes(name);
  return JSON.stringify([seed, Object.entries(settings).filter(own)]);
}

/** The runs in their order, but those with one key right after the first of them. */
function together(runs: readonly StudyRun[], keyOf: (run: StudyRun) => string): StudyRun[] {
  const groups = new Map<string, StudyRun[]>();
  for (const run of runs) groups.set(keyOf(run), [...(groups.get(keyOf(run)) ?? []), run]);
  return [...groups.values()].flat();
}
