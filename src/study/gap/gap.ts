import { joinPath } from '../../base/paths.ts';
import { VERSION } from '../../base/version.ts';
import { openBackbone } from '../../detect/backbone.ts';
import { fusionOptions, tappedLayers } from '../../fusion/options.ts';
import { PHANTOM_FAMILIES } from '../../phantom/index.ts';
import type { TrainContext } from '../../train/train_run.ts';
import { PHANTOM_SEED, phantomFolder, phantomPlace } from '../phantom_sets.ts';
import { planOf } from '../reproduction/plan.ts';
import type { StudyRow } from '../reproduction/rows.ts';
import { runStudy } from '../run_study.ts';
import { describeStudyRun, type StudyRun } from '../study_run.ts';
import { familyRows } from './family_words.ts';
import { gapRows } from './gap_rows.ts';
import { type GapRun, gapRun, gapRunKey, readGapRuns, writeGapRuns } from './gap_run.ts';
import { type GapGoal, goalsOf } from './goals.ts';
import { type GapDifference, type GapRow, summariseGap } from './summary.ts';

/** What the study runs. */
export interface GapRequest {
  /** A model that has seen nothing medical. */
  readonly model: string;
  readonly out: string;
  /** Of phantoms, draws and initial weights: everything that is drawn differs between two of them. */
  readonly seeds: readonly number[];
  /** Phantom families. */
  readonly families: readonly string[];
  /** Numbers of support images of a class. */
  readonly shots: readonly number[];
  /** Names of rows; none for all of {@link gapRows}. */
  readonly methods: readonly string[];
  /** Pictures of each phantom set in `valid` and `test`, half of them diseased. */
  readonly valid: number;
  readonly test: number;
  /** Settings of every run as far as they mean something to its method, on top of those that suit the model. */
  readonly settings: Readonly<Record<string, string>>;
  /** Nothing is run: what earlier calls have finished is put together. */
  readonly stored?: boolean;
  /** `runs.json` of other calls or machines: their runs count too, where model, settings and numbers of pictures are the same. */
  readonly others?: readonly string[];
}

/** `gap.json`. */
export interface GapResults extends Omit<GapRequest, 'out' | 'model' | 'stored' | 'others'> {
  readonly fusionclip: string;
  readonly model: { readonly name: string; readonly hash: string };
  readonly adapter: string;
  readonly rows: readonly GapRow[];
  readonly differences: readonly GapDifference[];
  readonly goals: readonly GapGoal[];
  readonly failed: readonly { readonly run: string; readonly reason: string }[];
  /** Runs that are finished, of those that the request has. */
  readonly finished: number;
  readonly total: number;
}

/**
 * Evaluates methods on a model that has never seen anything like the pictures: every one of them with every number of support
 * images on phantoms of every family and seed. Goes on where an earlier call with the same arguments was interrupted; results
 * are written with what is finished, whatever stops it.
 * @throws FusionclipError `interrupted`, `device_lost`, and `bad_model` for a model that cannot be opened
 */
export async function studyGap(context: TrainContext, adapter: string, request: GapRequest): Promise<GapResults> {
  const { fs } = context;
  const { model, out, seeds, families, shots, valid, test, stored = false, others = [] } = request;
  const known = new Map<string, GapRun>();
  const kept = joinPath(out, 'runs.json');
  const sources = (await fs.stat(kept)) ? [kept, ...others] : others;
  for (const path of sources) for (const run of await readGapRuns(fs, path)) known.set(run.key, run);
  const backbone = await openBackbone(fs, model);
  const layers = tappedLayers(fusionOptions({}), backbone.weights.config.vision.layers);
  const rows = gapRows(layers).filter(({ name }) => request.methods.length === 0 || request.methods.includes(name));
  const asked: { readonly run: StudyRun; readonly key: string }[] = [];
  for (const family of families) {
    const own = familyRows(context, backbone, family, rows, request.settings);
    for (const seed of seeds) {
      const folder = joinPath(phantomPlace(out, request, seed), PHANTOM_FAMILIES[family].dataset);
      for (const run of runsOf(request, own, { name: family, folder }, seed)) {
        asked.push({ run, key: await gapRunKey(run, backbone, request) });
      }
    }
  }
  // Seed by seed: an interrupted study has whole seeds.
  asked.sort((a, b) => seeds.indexOf(a.run.seed) - seeds.indexOf(b.run.seed));
  const due = asked.filter(({ key }) => !known.has(key)).map(({ run }) => run);
  if (!stored) {
    for (const { set, seed } of due) {
      await phantomFolder(context, phantomPlace(out, request, seed), request, set, PHANTOM_SEED + seed);
    }
  }
  const outcome = await runStudy(context, due, joinPath(out, 'runs'), { stored });
  const keys = new Map(asked.map(({ run, key }) => [run, key]));
  for (const { run, results } of outcome.finished) {
    const key = keys.get(run)!;
    known.set(key, gapRun(run, results, key, adapter));
  }
  const finished = asked.flatMap(({ key }) => known.get(key) ?? []);
  const methods = rows.map(({ name }) => name);
  const summary = summariseGap(finished, families, shots, methods);
  const results: GapResults = {
    fusionclip: VERSION,
    model: { name: model, hash: backbone.identity.hash },
    ...{ adapter, seeds, families, shots, methods, valid, test, settings: request.settings },
    ...summary,
    goals: goalsOf(summary.rows, summary.differences),
    failed: outcome.failed.map(({ run, reason }) => ({ run: describeStudyRun(run), reason })),
    ...{ finished: finished.length, total: asked.length },
  };
  await fs.writeFile(joinPath(out, 'gap.json'), `${JSON.stringify(results, null, 2)}\n`);
  await writeGapRuns(fs, kept, [...known.values()]);
  if (outcome.stopped) throw outcome.stopped;
  return results;
}

/** The runs of a family and seed; what reads no support image is run once for all numbers of them. */
function runsOf(
  { model, shots, settings }: GapRequest,
  rows: readonly StudyRow[],
  set: { readonly name: string; readonly folder: string },
  seed: number,
): StudyRun[] {
  const request = { model, medclip: null, seeds: [seed], settings: { 'map.files': 'none', ...settings } };
  const once = rows.filter(({ drawn }) => !drawn);
  const each = rows.filter(({ drawn }) => drawn);
  const { runs } = planOf(request, [
    { rows: once, sets: [set], shots: [LEAST_SHOTS] },
    { rows: each, sets: [set], shots },
  ]);
  return runs.map((run) => (once.some(({ name }) => name === run.method) ? { ...run, shots: undefined } : run));
}

/** Support images that are drawn for what does not look at them. */
const LEAST_SHOTS = 1;
