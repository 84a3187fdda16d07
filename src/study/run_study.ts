import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { optionTexts } from '../base/option.ts';
import { joinPath } from '../base/paths.ts';
import { formatDuration, Pace } from '../base/progress.ts';
import { InspectedSets } from '../data/layout/inspected.ts';
import { type AnyBackbone, modelKey, openModel } from '../detect/backbone.ts';
import type { TrainResults } from '../detect/results.ts';
import type { RunContext } from '../detect/run_context.ts';
import { SharedFeatures } from '../detect/shared_features.ts';
import { parseResults } from '../detect/stored_results.ts';
import { FUSION_OPTIONS } from '../fusion/index.ts';
import { FolderLock } from '../run/lock.ts';
import { chooseSettings } from '../run/model_settings.ts';
import { TRAIN_OPTIONS } from '../run/options.ts';
import type { RunConfig } from '../run/run_config.ts';
import { readRunFile } from '../run/run_file.ts';
import { RunFolder } from '../run/run_folder.ts';
import { SharedTrainings, trainRun } from '../train/index.ts';
import type { TrainContext } from '../train/train_run.ts';
import {
  describeStudyRun,
  type FailedStudyRun,
  type FinishedStudyRun,
  type StudyRun,
  studyRunFingerprint,
  studyRunPath,
} from './study_run.ts';

/** What became of the runs of a study, each list in the order of the runs. */
export interface StudyOutcome {
  readonly finished: readonly FinishedStudyRun[];
  readonly failed: readonly FailedStudyRun[];
  /** Why the rest was not run: Ctrl-C, or what no other run could run after; null when all were. */
  readonly stopped: unknown;
}

/** How a study is run. */
export interface StudyOptions {
  /** MiB of GPU memory for features of images that runs on one data set and model have in common. Default 1024. */
  readonly cache?: number;
  /** What runs have in common, where other studies of this process are to share it too; theirs to release. */
  readonly shared?: SharedWork;
  /** Nothing is run: what earlier calls have finished is read. */
  readonly stored?: boolean;
}

/** What runs on one data set and model share: features on the GPU, trainings, and what is known of the data. */
export class SharedWork {
  readonly features: SharedFeatures;
  readonly trainings = new SharedTrainings(TRAININGS);
  readonly inspected = new InspectedSets();

  /** @param cache MiB of GPU memory for features */
  constructor(cache = 1024) {
    this.features = new SharedFeatures(cache * 2 ** 20);
  }

  /** Frees what the runs share. */
  release(): void {
    this.features.release();
  }
}

/** Bytes of weights on the host, for runs that differ from each other in what inference reads alone. */
const TRAININGS = 2 ** 30;

/** Failures after which no other run can run either. */
const FATAL = new Set(['device_lost', 'no_adapter']);

/**
 * Runs the runs of a study one after the other, each in a run folder below `out`. A run that was finished by an
 * earlier call is not run again, so an interrupted study goes on where it was; one that fails does not stop the rest.
 * Runs on one data set and model share features, and those that differ in what inference reads alone share a training;
 * best when they follow each other.
 * When it is interrupted, or no device is left, the outcome has what was finished by then.
 * @throws FusionclipError `usage` when another process writes to `out`
 */
export async function runStudy(
  context: TrainContext,
  runs: readonly StudyRun[],
  out: string,
  { cache, shared, stored = false }: StudyOptions = {},
): Promise<StudyOutcome> {
  const lock = await FolderLock.take(context.fs, out, (text) => context.onEvent?.({ type: 'note', text }), 0);
  const own = shared ?? new SharedWork(cache);
  try {
    return await runAll(context, runs, out, own, stored);
  } finally {
    if (!shared) own.release();
    await lock.release();
  }
}

async function runAll(
  context: RunContext,
  runs: readonly StudyRun[],
  out: string,
  { features, trainings, inspected }: SharedWork,
  stored: boolean,
): Promise<StudyOutcome> {
  const { signal, onEvent = () => {} } = context;
  const results = new Map<StudyRun, TrainResults>();
  const models = new Map<string, AnyBackbone | null>();
  for (const run of runs) {
    const old = await finishedResults(context, joinPath(out, studyRunPath(run)), run, models);
    if (old) results.set(run, old);
  }
  const due = stored ? [] : runs.filter((run) => !results.has(run));
  const failed: FailedStudyRun[] = [];
  let stopped: unknown = null;
  const told = new Set<string>();
  // Runs differ: the remaining time is foreseen from all that have run.
  const pace = new Pace(undefined, Number.POSITIVE_INFINITY);
  try {
    for (const [i, run] of due.entries()) {
      signal?.throwIfAborted();
      onEvent({ type: 'stage', what: `runs (now ${describeStudyRun(run)})`, done: i, total: due.length });
      let news: string;
      try {
        const tell = told.has(run.data) ? undefined : onEvent;
        const working = { ...context, features, trainings, inspected, onEvent: tell };
        told.add(run.data);
        const own = await runOne(working, run, joinPath(out, studyRunPath(run)));
        results.set(run, own);
        news = scoreText(own);
      } catch (error) {
        if (error instanceof FusionclipError && error.code === 'interrupted') throw interruptedIn(run, error);
        if (signal?.aborted || (error instanceof FusionclipError && FATAL.has(error.code))) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        failed.push({ run, reason, code: error instanceof FusionclipError ? error.code : null });
        news = `failed: ${reason}`;
      }
      const { etaSeconds } = pace.tick(due.length - i - 1);
      const left = `${formatDuration(etaSeconds)} left`;
      onEvent({ type: 'note', text: `${i + 1} of ${due.length}: ${describeStudyRun(run)}: ${news}; ${left}` });
    }
  } catch (error) {
    stopped = error;
  }
  const finished = runs.flatMap((run) => (results.has(run) ? [{ run, results: results.get(run)! }] : []));
  return { finished, failed, stopped };
}

/** A study goes on by itself; what a run says of how to go on is not for its user. */
function interruptedIn(run: StudyRun, cause: FusionclipError): FusionclipError {
  const text = `Interrupted in ${describeStudyRun(run)}; finished runs are kept: the same command again goes on.`;
  return new FusionclipError('interrupted', text, { cause });
}

/** Which results belong to which run is written beside the run. */
const FINGERPRINT = 'run.json';

/** @param context gets what is said of the data, where it listens */
async function runOne(context: TrainContext, run: StudyRun, folder: string): Promise<TrainResults> {
  const { data, model, settings, seed, mapsOf } = run;
  const { onEvent } = context;
  const { results } = await trainRun(
    // Steps of a run are no news in a study of a hundred; `metrics.jsonl` has them. What is said of its data is.
    { ...context, onEvent: onEvent && ((event) => event.type === 'note' && onEvent(event)) },
    { data, model, out: folder, settings: { ...settings, seed: String(seed) }, mapsOf, force: true },
  );
  await context.fs.writeFile(joinPath(folder, FINGERPRINT), `${studyRunFingerprint(run)}\n`);
  return results;
}

/** @param models what was opened of them, by name: under an old name there may be another model now */
async function finishedResults(
  { fs, signal }: RunContext,
  folder: string,
  run: StudyRun,
  models: Map<string, AnyBackbone | null>,
): Promise<TrainResults | null> {
  const [fingerprint, results] = [joinPath(folder, FINGERPRINT), joinPath(folder, 'results.json')];
  if (!(await fs.stat(fingerprint)) || !(await fs.stat(results))) return null;
  const read = async (path: string) => new TextDecoder().decode(await fs.readFile(path));
  if ((await read(fingerprint)).trim() !== studyRunFingerprint(run)) return null;
  if (typeof run.model === 'string') {
    if (!models.has(run.model)) models.set(run.model, await modelOfNow(fs, run.model, signal));
    const now = models.get(run.model)!;
    if (now && !isOfNow((await RunFolder.open(fs, folder)).header, now, run)) return null;
  }
  return readRunFile(fs, results, parseResults, 'remove it, and the same call trains that run again');
}

/** Whether a finished run has the weights that lie under the model's name now, and the settings that suit it now. */
function isOfNow({ model, fusion, train }: RunConfig, { identity, defaults }: AnyBackbone, run: StudyRun): boolean {
  const { settings } = chooseSettings(defaults, { ...run.settings, seed: String(run.seed) });
  // How patients are told may come from the data.
  const texts = (one: Pick<RunConfig, 'fusion' | 'train'>) =>
    JSON.stringify([
      optionTexts(FUSION_OPTIONS, one.fusion),
      optionTexts(TRAIN_OPTIONS, { ...one.train, group: null }),
    ]);
  const { sha256 } = identity;
  const sameWeights = model.sha256 === undefined || sha256 === undefined || model.sha256 === sha256;
  return sameWeights && modelKey(model) === modelKey(identity) && texts({ fusion, train }) === texts(settings);
}

/** The model of a name; null where it is not there any more, so that nothing can be said against finished runs. */
async function modelOfNow(fs: FileSystem, name: string, signal: AbortSignal | undefined): Promise<AnyBackbone | null> {
  try {
    return await openModel(fs, name, signal);
  } catch (error) {
    if (error instanceof FusionclipError && !signal?.aborted) return null;
    throw error;
  }
}

function scoreText({ selected, selectedBy }: TrainResults): string {
  const pixel = selected.pixel ? `, pixel AUROC ${selected.pixel.auroc.toFixed(3)}` : '';
  const oracle = selectedBy === 'test-oracle' ? ' (test-oracle)' : '';
  return `image AUROC ${selected.image.auroc.toFixed(3)}${pixel}${oracle}`;
}
