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
import { familySettings } from './family_words.ts';
import { gapRows, OWN, RIVALS, ZERO_SHOT } from './gap_rows.ts';
import { ALL_SETS, type GapDifference, type GapRow, summariseGap } from './summary.ts';

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
}

/** A bound, and what was reached. */
export interface GapGoal {
  readonly what: string;
  readonly reached: string;
  /** Null where its runs are not there, or one seed alone is. */
  readonly met: boolean | null;
}

/** `gap.json`. */
export interface GapResults extends Omit<GapRequest, 'out' | 'model' | 'stored'> {
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
  const { model, out, seeds, families, shots, valid, test, stored = false } = request;
  const backbone = await openBackbone(fs, model);
  const layers = tappedLayers(fusionOptions({}), backbone.weights.config.vision.layers);
  const rows = gapRows(layers).filter(({ name }) => request.methods.length === 0 || request.methods.includes(name));
  const runs: StudyRun[] = [];
  const settings = new Map(
    families.map((family) => [family, familySettings(context, backbone, family, request.settings)]),
  );
  for (const seed of seeds) {
    for (const family of families) {
      const parent = phantomPlace(out, request, seed);
      const folder = stored
        ? joinPath(parent, PHANTOM_FAMILIES[family].dataset)
        : await phantomFolder(context, parent, { valid, test }, family, PHANTOM_SEED + seed);
      const own = { ...request, settings: settings.get(family)! };
      runs.push(...runsOf(own, rows, { name: family, folder }, seed));
    }
  }
  const working = stored ? { ...context, signal: AbortSignal.abort(new Error('Nothing is to be run.')) } : context;
  const outcome = await runStudy(working, runs, joinPath(out, 'runs'));
  const methods = rows.map(({ name }) => name);
  const summary = summariseGap(outcome.finished, families, shots, methods);
  const results: GapResults = {
    fusionclip: VERSION,
    model: { name: model, hash: backbone.identity.hash },
    ...{ adapter, seeds, families, shots, methods, valid, test, settings: request.settings },
    ...summary,
    goals: goalsOf(summary.rows, summary.differences),
    failed: outcome.failed.map(({ run, reason }) => ({ run: describeStudyRun(run), reason })),
    ...{ finished: outcome.finished.length, total: runs.length },
  };
  await fs.writeFile(joinPath(out, 'gap.json'), `${JSON.stringify(results, null, 2)}\n`);
  if (outcome.stopped && !stored) throw outcome.stopped;
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

/** Above this, a model has the families in its domain. */
const OUT_OF_DOMAIN = 0.75;
/** What few images have to bring. */
const GAIN = 0.12;
/** What the method may be below its rivals. */
const MARGIN = 0.01;
/** Support images of a class that the goals are said for. */
const GOAL_SHOTS = 4;

/** The goals of the study, as far as its rows tell. */
export function goalsOf(rows: readonly GapRow[], differences: readonly GapDifference[]): GapGoal[] {
  const row = (method: string) =>
    rows.find((one) => one.set === ALL_SETS && one.shots === GOAL_SHOTS && one.method === method);
  const against = (second: string) =>
    differences.find((one) => one.set === ALL_SETS && one.shots === GOAL_SHOTS && one.second === second);
  const number = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : '?');
  const told = ({ mean, low, high }: { readonly mean: number; readonly low: number; readonly high: number }) =>
    `${number(mean)} (${number(low)} to ${number(high)})`;
  const zero = row(ZERO_SHOT);
  const gain = against(ZERO_SHOT);
  const rivals = RIVALS.flatMap((name) => row(name) ?? []).sort((a, b) => b.imageAuroc.mean - a.imageAuroc.mean);
  const [rival] = rivals;
  const beside = rival && against(rival.method);
  // Which of them is the better is known when both were run.
  const missing = RIVALS.filter((name) => !row(name));
  return [
    {
      what: `zero-shot image AUROC, mean over the families, below ${OUT_OF_DOMAIN}`,
      reached: zero ? told(zero.imageAuroc) : 'not run',
      met: zero ? zero.imageAuroc.mean < OUT_OF_DOMAIN : null,
    },
    {
      what: `${GOAL_SHOTS}-shot ${OWN} at least ${GAIN} above zero-shot, the interval above 0`,
      reached: gain ? told(gain.bySeed) : 'not run',
      met: gain && gain.bySeed.count > 1 ? gain.bySeed.mean >= GAIN && gain.bySeed.low > 0 : null,
    },
    {
      what: `${GOAL_SHOTS}-shot ${OWN} less the better of ${RIVALS.join(' and ')}, the interval above -${MARGIN}`,
      reached: beside
        ? `${told(beside.bySeed)} against ${rival.method}${missing.map((name) => `; ${name} was not run`).join('')}`
        : 'not run',
      met: beside && missing.length === 0 && beside.bySeed.count > 1 ? beside.bySeed.low > -MARGIN : null,
    },
  ];
}
