import { FusionclipError } from '../base/errors.ts';
import type { Looks } from '../data/apart/looks.ts';
import type { Dataset, Sample } from '../data/layout/dataset.ts';
import { findingsOf } from '../data/layout/findings.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import { saveAdapters } from '../detect/adapters_file.ts';
import type { AnyBackbone } from '../detect/backbone.ts';
import type { Detector } from '../detect/detector.ts';
import { type Calibration, calibrate, classScores, evaluateSamples, samplingRequest } from '../detect/evaluation.ts';
import { FeatureCache } from '../detect/feature_cache.ts';
import { samplesMaps } from '../detect/maps.ts';
import { predictionRows, toCsv } from '../detect/predictions.ts';
import { type TrainResults, trainResults } from '../detect/results.ts';
import type { RunContext } from '../detect/run_context.ts';
import type { ScoredSet } from '../detect/scoring.ts';
import { seenImages } from '../detect/seen_images.ts';
import { ValidationSet } from '../detect/selection.ts';
import type { Support, TrainItem } from '../detect/support.ts';
import { supportBank } from '../detect/support_bank.ts';
import { SupportSet } from '../detect/support_set.ts';
import { writeVolumeTables } from '../detect/volume_files.ts';
import { volumeMapWriter } from '../detect/volume_maps.ts';
import { volumeMetrics, volumeRequest } from '../detect/volume_metrics.ts';
import { type RunListener, stage } from '../run/events.ts';
import type { RunConfig } from '../run/run_config.ts';
import { ADAPTERS, BEST, LAST, LATEST, type RunFolder } from '../run/run_folder.ts';
import type { Choice, RunState } from '../run/run_state.ts';
import type { SlicedVolume } from '../volume/sliced_volume.ts';
import { loadWeights } from './checkpoint.ts';
import { Forecast, planOf } from './forecast.ts';
import { writeRunBill } from './ml_bom.ts';
import { environmentJson } from './provenance.ts';
import { rehearse } from './rehearsal.ts';
import { selectionRule } from './selection_rule.ts';
import { openTeam } from './shared_step.ts';
import type { SharedTrainings } from './shared_trainings.ts';
import type { Team } from './team.ts';
import { runTraining, type TrainingEnd, type TrainingParts } from './training.ts';

/** What normal-only mode does, for whoever runs it. */
const NORMAL_ONLY =
  'Normal-only: pieces pasted into the normal support images stand for lesions; no abnormal image of valid is looked at.';

/** Why a support set leaves no threshold: an image is scored without itself, and one alone leaves nothing to compare with. */
const OF_SUPPORT =
  'so do the support images that can be scored without themselves: no score is called abnormal; give more shots or more valid images';

/** What a training run needs. */
export interface TrainContext extends RunContext {
  /** Keeps trainings for other runs that differ in what inference reads alone; these get the same bits as by their own. */
  readonly trainings?: SharedTrainings;
  /** Has other processes open the same training, each computing some parts of every batch (`parts`). */
  readonly team?: (training: object) => Promise<Team>;
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
export interface OpenedRun {
  readonly context: TrainContext;
  readonly folder: RunFolder;
  readonly header: RunConfig;
  readonly backbone: AnyBackbone;
  readonly dataset: Dataset;
  readonly inventory: Inventory;
  /** How the images of `valid` look; null of volumes. */
  readonly looks: Looks | null;
  readonly support: Support;
  /** Null for pictures. */
  readonly volumes: readonly SlicedVolume[] | null;
  readonly items: readonly TrainItem[];
  readonly detector: Detector;
  readonly maps: 'npy' | 'png16' | 'none';
  readonly mapsOf?: readonly string[];
  readonly onEvent: RunListener;
}

/** Trains what is left, chooses, calibrates, evaluates and writes. */
export async function finishRun(run: OpenedRun, state: RunState | null): Promise<TrainOutcome> {
  const { context, folder, header, backbone, dataset, support, items, detector, onEvent } = run;
  const { fs, signal, trainings } = context;
  const started = new Date();
  // The clock of the machine may be set meanwhile.
  const start = performance.now();
  const environment = await environmentJson(context.gpu, context.environment, folder, started, state);
  await folder.writeJson('env.json', environment);
  if (backbone.note) onEvent({ type: 'note', text: backbone.note });
  if (support.shots.abnormal.length === 0) onEvent({ type: 'note', text: NORMAL_ONLY });
  const memory = new SupportSet(detector, support.normal, support.abnormal);
  const contest = (samples: readonly Sample[], what: string) =>
    new ValidationSet(detector, samples, header.train, {
      fs,
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
    const { test } = dataset.splits;
    const images = {
      ...{ items: items.length, compared: compared ? used.samples.length : 0, kept: used.keepsFeatures },
      calibrated: rest.possible ? rest.samples.length : support.normal.length + support.abnormal.length,
      known: compared && used === rest,
      ...{ test: test.length, shared: detector.keepsShared(test.length, FeatureCache.bytesPerImage(detector)) },
    };
    const forecast = new Forecast(planOf(header, state, images));
    const few = rest.possible ? rest.samples : [...support.shots.normal, ...support.shots.abnormal];
    const rehearsal = () => rehearse(detector, memory, few, { fs, batch: header.train['eval.batch'], signal });
    const end = await runTraining(
      {
        fs,
        folder,
        header,
        items,
        detector,
        memory,
        ...chosenBy,
        onEvent,
        forecast,
        rehearsal,
        trainings,
        team,
        signal,
      },
      state,
    );
    oracle.release();
    const { results, scored } = await evaluateRunWeights(run, memory, rest, end, { ...chosenBy, forecast });
    const seconds = (performance.now() - start) / 1000;
    const training = end.trainedBy !== null && { trainedBy: end.trainedBy };
    await folder.writeJson('env.json', { ...environment, ...training, finished: new Date().toISOString(), seconds });
    await writeRunBill(fs, folder, { header, inventory: run.inventory, results });
    // Last of all: a folder with results is a finished run.
    await folder.writeJson('results.json', results);
    return { results, scored, adapters: folder.file(ADAPTERS) };
  } catch (error) {
    if (!signal?.aborted || error !== signal.reason) throw error;
    const saved = (await fs.stat(folder.file(LATEST))) !== null;
    const how = saved ? 'the state is saved: go on with' : 'nothing was saved yet: begin with';
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
  run: OpenedRun,
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
    return memory.withScorer(
      async (scorer) => {
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
        });
        // Of the chosen weights, which are evaluated last.
        const kept = file === BEST && header.train.bank === 'features';
        return { choice, evaluation, calibration, rows: kept ? ((await scorer.images.bank?.read()) ?? null) : null };
      },
      { signal },
    );
  };
  const normals = support.normal.map(({ pixels }) => pixels);
  const same = end.best.step === end.last.step;
  const last = same ? null : await evaluateWeights(end.last, LAST);
  const selected = await evaluateWeights(end.best, BEST);
  const { image } = selected.calibration.thresholds;
  if (image?.from !== 'valid') {
    const text = image ? 'so the thresholds were chosen on the support set' : `and ${OF_SUPPORT}`;
    onEvent({ type: 'note', text: `The remaining valid images lack a class, ${text}.` });
  }
  const { scored } = selected.evaluation;
  const bank = supportBank(header.train.bank, normals, selected.rows);
  const seen = await seenImages(fs, detector.framing, support, contest?.samples ?? [], scored);
  await saveAdapters(
    fs,
    folder.file(ADAPTERS),
    {
      header,
      bank,
      seen,
      looks: run.looks,
      selectedBy,
      ...selected.calibration,
      testScores: { of: 'test', ...classScores(scored) },
    },
    detector.method.parameters,
  );
  const rows = predictionRows(scored, selected.calibration.thresholds);
  await fs.writeFile(folder.file('predictions.csv'), toCsv(rows));
  const shots = { normal: support.normal.length, abnormal: support.shots.abnormal.length };
  const others = last ?? { ...selected, choice: end.last };
  const warnings = findingsOf(inventory);
  const { volumes } = run;
  const { thresholds } = selected.calibration;
  const wantsMaps = run.maps !== 'none' && !run.mapsOf;
  const onMaps = wantsMaps ? volumeMapWriter(fs, folder.path, thresholds.pixel?.value ?? null) : undefined;
  const ofVolumes =
    volumes &&
    (await volumeMetrics({ ...volumeRequest(header, volumes, scored, thresholds, onEvent), onMaps, signal }));
  if (ofVolumes) await writeVolumeTables(fs, folder.path, ofVolumes);
  const results = trainResults(header, shots, selectedBy, selected, others, warnings, ofVolumes);
  return { results, scored };
}
