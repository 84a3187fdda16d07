import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import type { Dataset, Sample } from '../data/layout/dataset.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import { saveAdapters } from '../detect/adapters_file.ts';
import { type AnyBackbone, asTrained, type ModelSource, openModel } from '../detect/backbone.ts';
import type { Detector } from '../detect/detector.ts';
import { type Calibration, calibrate, classScores, evaluateSamples, samplingRequest } from '../detect/evaluation.ts';
import { requireMapNames } from '../detect/map_names.ts';
import { samplesMaps } from '../detect/maps.ts';
import { dataJson, openData } from '../detect/open_data.ts';
import { predictionRows, toCsv } from '../detect/predictions.ts';
import { type TrainResults, trainResults } from '../detect/results.ts';
import { openDetector, type RunContext } from '../detect/run_context.ts';
import type { ScoredSet } from '../detect/scoring.ts';
import { seenImages } from '../detect/seen_images.ts';
import { ValidationSet } from '../detect/selection.ts';
import { requireWholeVolumes, sliced } from '../detect/sliced.ts';
import { chooseShots, readSupport, type Support, type TrainItem } from '../detect/support.ts';
import { supportBank } from '../detect/support_bank.ts';
import { SupportSet } from '../detect/support_set.ts';
import { writeVolumeTables } from '../detect/volume_files.ts';
import { volumeMetrics, volumeRequest } from '../detect/volume_metrics.ts';
import { type RunListener, stage } from '../run/events.ts';
import type { FolderLock } from '../run/lock.ts';
import { chooseSettings, settingsLine } from '../run/model_settings.ts';
import { onDevice } from '../run/on_device.ts';
import { headerJson, type RunConfig, runSettings } from '../run/run_config.ts';
import { ADAPTERS, BEST, LAST, LATEST, RunFolder } from '../run/run_folder.ts';
import type { Choice, RunState } from '../run/run_state.ts';
import { STORED_SHOTS, STORED_SOURCE } from '../run/stored.ts';
import type { SlicedVolume } from '../volume/slice_set.ts';
import { lastState, resumable, resumeAdvice, takeFolder } from './broken_run.ts';
import { loadWeights } from './checkpoint.ts';
import { Forecast, planOf } from './forecast.ts';
import { writeRunBill } from './ml_bom.ts';
import { environmentJson, sameShots, shotsJson } from './provenance.ts';
import { selectionRule } from './selection_rule.ts';
import { itemsOf, openTeam } from './shared_step.ts';
import type { SharedTrainings } from './shared_trainings.ts';
import type { Team } from './team.ts';
import { runTraining, type TrainingEnd, type TrainingParts } from './training.ts';

/** What normal-only mode does, for whoever runs it. */
const NORMAL_ONLY =
  'Normal-only: pieces pasted into the normal support images stand for lesions; no abnormal image of valid is looked at.';

/** What a training run needs. */
export interface TrainContext extends RunContext {
  /** Keeps trainings for other runs that differ in what inference reads alone; these get the same bits as by their own. */
  readonly trainings?: SharedTrainings;
  /** Has other processes open the same training, each computing some parts of every batch (`parts`). */
  readonly team?: (training: object) => Promise<Team>;
}

/** A training run. */
export interface TrainRequest {
  /** Folder of the data set. */
  readonly data: string;
  /** A safetensors file, a folder, `generated:NAME:SEED`, `random:PATH:SEED`, or an open model. */
  readonly model: ModelSource;
  /** Run folder to be made. */
  readonly out: string;
  /** Settings by name, as texts: `FUSION_OPTIONS` and `TRAIN_OPTIONS` say which there are. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Whether a run that lies in `out` may be replaced. */
  readonly force?: boolean;
  /** In place of the settings' `map.files`, for this run alone. */
  readonly maps?: 'npy' | 'png16' | 'none';
  /** Ids of the test images whose maps are written; all by default. */
  readonly mapsOf?: readonly string[];
}

/** What a training run leaves. */
export interface TrainOutcome {
  readonly results: TrainResults;
  /** The test images with their maps, scored by the chosen weights. */
  readonly scored: ScoredSet;
  /** Path of the file that `predictImages` takes. */
  readonly adapters: string;
}

/** What a run has open. */
interface Opened {
  readonly context: TrainContext;
  readonly folder: RunFolder;
  readonly header: RunConfig;
  readonly backbone: AnyBackbone;
  readonly dataset: Dataset;
  readonly inventory: Inventory;
  readonly support: Support;
  /** Null for pictures. */
  readonly volumes: readonly SlicedVolume[] | null;
  readonly items: readonly TrainItem[];
  readonly detector: Detector;
  readonly maps: 'npy' | 'png16' | 'none';
  readonly mapsOf?: readonly string[];
  readonly onEvent: RunListener;
}

/**
 * Trains on few images of a data set, chooses weights, evaluates them on the test split, and writes a run folder. Nothing
 * is written before data, model and settings are known to be good. When the device is lost, the run goes on from its last
 * checkpoint on a new one, to the same bits.
 * @throws FusionclipError of every code; `interrupted` after a checkpoint was written; `usage` when another process writes
 * to the folder
 */
export async function trainRun(context: TrainContext, request: TrainRequest): Promise<TrainOutcome> {
  const { fs } = context;
  const { out, force = false } = request;
  await RunFolder.check(fs, out, force);
  let lock: FolderLock | null = null;
  let begun = false;
  const enter = async (header: RunConfig, support: Support, inventory: Inventory): Promise<RunFolder> => {
    lock ??= await takeFolder(context, out);
    // Another process may have been there meanwhile.
    await RunFolder.check(fs, out, force);
    const folder = await RunFolder.create(fs, out);
    await folder.writeJson('config.json', headerJson(header));
    await folder.writeJson('shots.json', await shotsJson(support, header));
    await fs.writeFile(folder.file('data.json'), dataJson(inventory));
    begun = true;
    return folder;
  };
  const work = (working: TrainContext) => (begun ? goOn(working, out, request) : begin(working, request, enter));
  try {
    return await onDevice(context, work, () => (begun ? resumeAdvice(out) : 'run again, or with smaller batches'));
  } catch (error) {
    throw begun ? resumable(error, out) : error;
  } finally {
    await (lock as FolderLock | null)?.release();
  }
}

/** A run from its start. @param enter makes the folder, when everything is known to be good */
async function begin(
  outer: TrainContext,
  request: TrainRequest,
  enter: (header: RunConfig, support: Support, inventory: Inventory) => Promise<RunFolder>,
): Promise<TrainOutcome> {
  const given = request.settings ?? {};
  // How data are read no model has a say in.
  const asked = runSettings(given);
  const { context, rules, volumes } = await sliced(outer, request.data, asked.train);
  const { fs } = context;
  const object = asked.fusion['prompt.object'];
  const { dataset, inventory, grey, tell } = await openData(context, {
    path: request.data,
    rules,
    object: object === 'auto' ? undefined : object,
  });
  requireWholeVolumes(volumes, dataset);
  const maps = request.maps ?? asked.train['map.files'];
  requireMapNames(
    dataset.splits.test.map(({ id }) => id),
    joinPath(request.out, 'maps'),
    maps,
  );
  const shots = await chooseShots(fs, dataset, asked.train);
  const backbone = await openModel(fs, request.model);
  const chosen = chooseSettings(backbone.defaults, given);
  const { settings, sources } = chosen;
  const support = await readSupport(fs, shots, { ...settings.fusion, grey }, settings.train.seed);
  const header: RunConfig = {
    ...settings,
    // Volumes are gone by patient where nothing else is said, in whatever is made of the run.
    train: { ...settings.train, group: rules.group },
    sources,
    kind: dataset.kind,
    object: inventory.object,
    model: backbone.identity,
    data: { path: request.data, name: dataset.name },
    grey,
  };
  const items = itemsOf(support, settings, backbone);
  // Everything that can be refused is refused before an older run is removed.
  const detector = await openDetector(context, header, backbone);
  try {
    tell();
    const onEvent = listener(context);
    onEvent({ type: 'note', text: settingsLine(chosen, backbone.identity.name) });
    const folder = await enter(header, support, inventory);
    const { mapsOf } = request;
    const work = { context, folder, maps, mapsOf, onEvent };
    const run = { ...work, header, backbone, dataset, inventory, support, volumes, items, detector };
    return await finishRun(run, null);
  } finally {
    detector.release();
  }
}

/** What may be said anew when a run goes on. */
export type ResumePlaces = Partial<Pick<TrainRequest, 'data' | 'model' | 'maps' | 'mapsOf'>>;

/**
 * Goes on with a run that was interrupted; the result has the same bits as that of an unbroken run.
 * @param places where data and model lie now, if they were moved; `maps` as in {@link TrainRequest}
 * @throws FusionclipError as {@link trainRun}; `usage` when the run is finished
 */
export async function resumeRun(context: TrainContext, out: string, places: ResumePlaces = {}): Promise<TrainOutcome> {
  await RunFolder.open(context.fs, out);
  const lock = await takeFolder(context, out);
  try {
    return await onDevice(
      context,
      (working) => goOn(working, out, places),
      () => resumeAdvice(out),
    );
  } catch (error) {
    throw resumable(error, out);
  } finally {
    await lock.release();
  }
}

/** A run from its last checkpoint. */
async function goOn(outer: TrainContext, out: string, places: ResumePlaces): Promise<TrainOutcome> {
  const { folder, header: old, finished } = await RunFolder.open(outer.fs, out);
  if (finished) {
    const has = (await outer.fs.stat(folder.file('report.html'))) !== null;
    const how = `fusionclip report ${out} makes ${has ? 'its report again' : 'its report, which is missing'}`;
    throw new FusionclipError('usage', `${out} holds a finished run; there is nothing to resume (${how}).`);
  }
  const backbone = asTrained(old.model, await openModel(outer.fs, places.model ?? old.model.name), out);
  const path = places.data ?? old.data.path;
  const { context, rules, volumes } = await sliced(outer, path, old.train);
  const train = { ...old.train, group: rules.group };
  const header: RunConfig = { ...old, train, data: { ...old.data, path } };
  const { fs } = context;
  const { dataset, inventory, tell } = await openData(context, {
    path,
    rules,
    object: header.object,
    keeps: true,
    grey: header.grey,
    of: out,
  });
  const shots = await chooseShots(fs, dataset, header.train);
  const support = await readSupport(fs, shots, { ...header.fusion, grey: header.grey }, header.train.seed);
  const drawn = await folder.readJson('shots.json', STORED_SHOTS);
  // A run that was ended before its first file was whole has no list yet.
  if (drawn === null) await folder.writeJson('shots.json', await shotsJson(support, header));
  else if (!(await sameShots(drawn, support, header))) {
    throw new FusionclipError(
      'bad_data',
      `${header.data.path} is not the data set that ${out} was started with: its support images differ in names or pixels; give the old one.`,
    );
  }
  const onEvent = listener(context);
  const state = await lastState(fs, folder, header, onEvent);
  const items = itemsOf(support, header, backbone);
  const detector = await openDetector(context, header, backbone);
  try {
    tell();
    // Where the object's name came from at first: going on changes nothing in what a run leaves.
    const before = await folder.readJson('data.json', STORED_SOURCE);
    await fs.writeFile(folder.file('data.json'), dataJson({ ...inventory, from: before?.from ?? inventory.from }));
    const missing = await folder.metrics.keep(state?.lines ?? 0);
    if (missing > 0) {
      const text = `${folder.metrics.path} was cut short: ${missing} of its lines are missing, and so are their steps in the report.`;
      onEvent({ type: 'note', text });
    }
    const { mapsOf, maps = header.train['map.files'] } = places;
    const work = { context, folder, maps, mapsOf, onEvent };
    const run = { ...work, header, backbone, dataset, inventory, support, volumes, items, detector };
    return await finishRun(run, state);
  } finally {
    detector.release();
  }
}

/** Trains what is left, chooses, calibrates, evaluates and writes. */
async function finishRun(run: Opened, state: RunState | null): Promise<TrainOutcome> {
  const { context, folder, header, backbone, dataset, support, items, detector, onEvent } = run;
  const { fs, signal, trainings } = context;
  const started = new Date();
  const environment = await environmentJson(context.gpu, context.environment, folder, started, state);
  await folder.writeJson('env.json', environment);
  if (backbone.note) onEvent({ type: 'note', text: backbone.note });
  if (support.shots.abnormal.length === 0) onEvent({ type: 'note', text: NORMAL_ONLY });
  const memory = new SupportSet(detector, support.normal, support.abnormal);
  const contest = (samples: readonly Sample[], what: string) =>
    new ValidationSet(detector, samples, header.train, {
      fs,
      signal,
      onProgress: stage(onEvent, `features of the ${what}`),
    });
  const rest = contest(support.shots.rest, 'remaining valid images');
  const oracle = contest(dataset.splits.test, 'test images');
  let team: Team | null = null;
  try {
    const selectedBy = selectionRule(header, rest, onEvent);
    const compared = (selectedBy !== 'last' && selectedBy !== 'none') || header.train['lr.grid'].length > 1;
    const used = selectedBy === 'test-oracle' ? oracle : rest;
    const chosenBy = { contest: compared && selectedBy !== 'none' ? used : null, selectedBy };
    team = selectedBy === 'none' ? null : await openTeam(context.team, header, support);
    const forecast = new Forecast(
      planOf(header, state, {
        items: items.length,
        compared: compared ? used.samples.length : 0,
        test: dataset.splits.test.length,
      }),
    );
    const end = await runTraining(
      { fs, folder, header, items, detector, memory, ...chosenBy, onEvent, forecast, trainings, team, signal },
      state,
    );
    oracle.release();
    const { results, scored } = await evaluateRunWeights(run, memory, rest, end, { ...chosenBy, forecast });
    const seconds = (Date.now() - started.getTime()) / 1000;
    const training = end.trainedBy !== null && { trainedBy: end.trainedBy };
    await folder.writeJson('env.json', { ...environment, ...training, finished: new Date().toISOString(), seconds });
    await writeRunBill(fs, folder, { header, inventory: run.inventory, results });
    // Last of all: a folder with results is a finished run.
    await folder.writeJson('results.json', results);
    return { results, scored, adapters: folder.file(ADAPTERS) };
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    const saved = (await fs.stat(folder.file(LATEST))) !== null;
    const how = saved ? 'the state is saved: go on with' : 'no step was done yet: begin with';
    throw new FusionclipError(
      'interrupted',
      `Interrupted; ${how} fusionclip train --resume --out ${folder.path} (data set ${dataset.name}).`,
      { cause: error },
    );
  } finally {
    (team as Team | null)?.close();
    rest.release();
    oracle.release();
    memory.release();
  }
}

/** Calibrates and evaluates the best and the last weights, and writes what inference needs, predictions and maps. */
async function evaluateRunWeights(
  run: Opened,
  memory: SupportSet,
  rest: ValidationSet,
  end: TrainingEnd,
  { selectedBy, contest, forecast }: Pick<TrainingParts, 'selectedBy' | 'contest' | 'forecast'>,
): Promise<Pick<TrainOutcome, 'results' | 'scored'>> {
  const { context, folder, header, dataset, inventory, support, detector, onEvent } = run;
  const { fs, signal } = context;
  const draw = (calibration: Calibration) => {
    const choices = { maps: run.maps, calibration, of: run.mapsOf };
    return samplesMaps(fs, folder.file('maps'), dataset.splits.test, header, choices);
  };
  const evaluateWeights = async (choice: Choice, file: string) => {
    if (selectedBy !== 'none') await loadWeights(fs, folder.file(file), detector.method.parameters);
    return memory.withScorer(async (scorer) => {
      const calibration = await calibrate(detector, memory, rest, scorer, choice);
      const which = file === BEST ? 'chosen' : 'last';
      const what = `scores of the test images (${which} weights)`;
      const evaluation = await evaluateSamples(detector, scorer, {
        fs,
        samples: dataset.splits.test,
        calibration,
        sampling: samplingRequest(header.train),
        batch: header.train['eval.batch'],
        onScored: which === 'chosen' ? draw(calibration) : undefined,
        onProgress: (done, total) =>
          onEvent({ type: 'stage', what, done, total, etaSeconds: forecast.scoring(which, done) ?? undefined }),
        signal,
      });
      const kept = file === BEST && header.train.bank === 'features';
      return { choice, evaluation, calibration, rows: kept ? ((await scorer.images.bank?.read()) ?? null) : null };
    });
  };
  const normals = support.normal.map(({ pixels }) => pixels);
  const same = end.best.step === end.last.step;
  const last = same ? null : await evaluateWeights(end.last, LAST);
  const selected = await evaluateWeights(end.best, BEST);
  if (selected.calibration.thresholds.image?.from !== 'valid') {
    const text = 'The remaining valid images lack a class, so the thresholds were chosen on the support set.';
    onEvent({ type: 'note', text });
  }
  const { scored } = selected.evaluation;
  const bank = supportBank(header.train.bank, normals, selected.rows);
  const seen = await seenImages(fs, detector.framing, support, contest?.samples ?? [], scored);
  await saveAdapters(
    fs,
    folder.file(ADAPTERS),
    { header, bank, seen, selectedBy, ...selected.calibration, testScores: { of: 'test', ...classScores(scored) } },
    detector.method.parameters,
  );
  const rows = predictionRows(scored, selected.calibration.thresholds);
  await fs.writeFile(folder.file('predictions.csv'), toCsv(rows));
  const shots = { normal: support.normal.length, abnormal: support.shots.abnormal.length };
  const others = last ?? { ...selected, choice: end.last };
  const { volumes } = run;
  const { thresholds } = selected.calibration;
  const ofVolumes = volumes && (await volumeMetrics(volumeRequest(header, volumes, scored, thresholds, onEvent)));
  if (ofVolumes) await writeVolumeTables(fs, folder.path, ofVolumes);
  const results = trainResults(header, shots, selectedBy, selected, others, inventory.leaks.warnings, ofVolumes);
  return { results, scored };
}

function listener({ onEvent }: TrainContext): RunListener {
  return onEvent ?? (() => {});
}
