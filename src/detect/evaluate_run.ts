import type { FileSystem } from '../base/file_system.ts';
import { VERSION } from '../base/version.ts';
import type { DatasetKind, Sample } from '../data/layout/dataset.ts';
import { findingsOf } from '../data/layout/findings.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import type { DataRules } from '../data/layout/rules.ts';
import { givenRule } from '../data/range/rule.ts';
import type { DecisionCase } from '../decide/decide.ts';
import { type RealisedDecisions, realisedDecisions } from '../decide/realised.ts';
import type { IntensityMetrics } from '../metrics/intensity_baseline.ts';
import { stage } from '../run/events.ts';
import { onDevice } from '../run/on_device.ts';
import type { AdapterFile } from './adapters_file.ts';
import { Decider, type RowDecision } from './decider.ts';
import { evaluateSamples, samplingRequest } from './evaluation.ts';
import { knownClauses, knownImages } from './known_images.ts';
import { type MapFiles, samplesMaps } from './maps.ts';
import { dataJson, openData } from './open_data.ts';
import { OutputFolder } from './output_folder.ts';
import { predictionRows, toCsv, type UsedThresholds } from './predictions.ts';
import { ORACLE_WARNING } from './results.ts';
import type { RunContext } from './run_context.ts';
import { unlikeRun } from './run_looks.ts';
import { type OnScored, type ScoredSet, ScoredSoFar } from './scoring.ts';
import type { SetMetrics } from './set_metrics.ts';
import { sliceSource } from './slice_source.ts';
import { refuseRulesOfVolumes, requireWholeVolumes, sliced, stridden } from './sliced.ts';
import { TrainedDetector, type TrainedSource } from './trained.ts';
import { trainedOn } from './trained_on.ts';
import { writeVolumeTables } from './volume_files.ts';
import { volumeMapWriter } from './volume_maps.ts';
import { type VolumeMetrics, volumeMetrics, volumeRequest } from './volume_metrics.ts';

/** A labelled data set to evaluate trained weights on. */
export interface EvaluateRequest extends Omit<TrainedSource, 'range'> {
  /** Folder of the data set; by default the one that was trained on. */
  readonly data?: string;
  /** How its folders are read, where that is not as the run has it. */
  readonly rules?: Partial<DataRules>;
  /** Folder for `results.json`, `predictions.csv` and `maps/`; null writes nothing. */
  readonly out: string | null;
  readonly maps?: MapFiles;
  /** Of volumes every how many slices one is scored; by default all are. */
  readonly stride?: number;
}

/** Result of {@link evaluateRun}. */
export interface EvaluateResults extends SetMetrics {
  readonly fusionclip: string;
  readonly data: string;
  readonly kind: DatasetKind;
  readonly split: 'test';
  readonly method: string;
  /** Settings that are not those of the run, as texts. */
  readonly changed: Readonly<Record<string, string>>;
  readonly selectedBy: string;
  readonly warning: string | null;
  readonly trivial: IntensityMetrics | null;
  /**
   * What the audit of the data found: images or patients that support and test share, a test set of one patient; and what the images have
   * otherwise than those that the run was made on.
   */
  readonly findings: readonly string[];
  /** The errors that calibrated decisions turned out to make; null without a calibration. */
  readonly decisions: RealisedDecisions | null;
  /** Null for pictures. */
  readonly volumes: VolumeMetrics | null;
}

/** Trained weights on labelled images. */
export interface EvaluateOutcome {
  readonly results: EvaluateResults;
  /** The test images with their maps. */
  readonly scored: ScoredSet;
  /** In the same order; none without a calibration. */
  readonly decided: readonly RowDecision[];
  /** Where the images lie, in the same order. */
  readonly samples: readonly Sample[];
  /** What reads them: a folder of volumes is one of slices there. */
  readonly fs: FileSystem;
  /** What the data set holds, and what of it was used. */
  readonly inventory: Inventory;
  /** The weights' own file, without the weights. */
  readonly file: Omit<AdapterFile, 'weights'>;
}

/**
 * Evaluates trained weights on the test split of a data set, with the thresholds that were chosen in training.
 * @throws FusionclipError `io`, `bad_data`, `bad_image`, `bad_model`, and `usage` for a folder that cannot be written to
 */
export async function evaluateRun(context: RunContext, request: EvaluateRequest): Promise<EvaluateResults> {
  const { fs, onEvent } = context;
  const { out } = request;
  if (out === null) return (await evaluateTrained(context, request)).results;
  const output = await OutputFolder.take(fs, out, (text) => onEvent?.({ type: 'note', text }));
  try {
    const soFar = new EvaluatedSoFar();
    const outcome = await onDevice(context, (working) => evaluateOn(working, request, soFar, output));
    const { results, scored, decided, inventory, file } = outcome;
    await fs.writeFile(output.file('data.json'), dataJson(inventory));
    await fs.writeFile(output.file('predictions.csv'), toCsv(predictionRows(scored, usedThresholds(file), decided)));
    if (results.volumes) await writeVolumeTables(fs, output.path, results.volumes);
    await fs.writeFile(output.file('results.json'), `${JSON.stringify(results, null, 2)}\n`);
    return results;
  } finally {
    await output.release();
  }
}

/** As {@link evaluateRun}, but keeps the maps in place of writing anything. */
export async function evaluateTrained(
  context: RunContext,
  request: Omit<EvaluateRequest, 'out' | 'maps'>,
): Promise<EvaluateOutcome> {
  const soFar = new EvaluatedSoFar();
  return onDevice(context, (working) => evaluateOn(working, request, soFar));
}

/** What is done by now: when the device is lost, the work goes on behind it. */
class EvaluatedSoFar extends ScoredSoFar {
  readonly cases: DecisionCase[] = [];
}

/** The thresholds that rows go by: that of the calibration before the one of training. */
function usedThresholds({ rule, thresholds }: Pick<AdapterFile, 'rule' | 'thresholds'>): UsedThresholds {
  return { ...thresholds, image: rule ? { value: rule.point.threshold } : thresholds.image };
}

/** @param output where maps go; none are written without it */
async function evaluateOn(
  outer: RunContext,
  request: Omit<EvaluateRequest, 'out'>,
  soFar: EvaluatedSoFar,
  output: OutputFolder | null = null,
): Promise<EvaluateOutcome> {
  const { signal, onEvent = () => {} } = outer;
  const { stride = 1 } = request;
  const trained = await TrainedDetector.open(outer, { ...request, range: request.rules?.range });
  try {
    const { weights: _, ...file } = trained.file;
    const { header, thresholds, ranges, selectedBy } = file;
    const path = request.data ?? header.data.path;
    const { context, rules, volumes, set } = await sliced(outer, path, {
      ...{ ...header.train, ...request.rules },
      trained: trainedOn(header, request.rules?.window),
    });
    if (!set) refuseRulesOfVolumes(request.rules ?? {});
    const { fs } = context;
    const of = request.data === undefined ? request.adapters : undefined;
    const { dataset, inventory, images, grey, tell } = await openData(context, {
      path,
      rules,
      object: header.object,
      keeps: true,
      grey: givenRule(rules.range) ?? header.grey,
      of,
    });
    requireWholeVolumes(volumes, dataset);
    const kind = header.kind === 'pixel' ? dataset.kind : 'image';
    if (kind !== header.kind) {
      const text = `${path} has labels only, so the maps of this run, which was trained on masks, are not evaluated.`;
      onEvent({ type: 'note', text });
    }
    tell();
    const samples = stridden(dataset.splits.test, volumes, stride);
    // A device that was lost has left some of the maps.
    if (soFar.count === 0) await output?.clear();
    const wantsMaps = (request.maps ?? header.train['map.files']) !== 'none';
    const maps =
      output && samplesMaps(fs, output.file('maps'), samples, header, { maps: request.maps, calibration: file });
    const knownAs = knownImages(file);
    const isKnown = (key?: string) => knownAs(key) !== null;
    const decider =
      file.rule && new Decider(file.rule, { sourceOf: sliceSource(set?.volumes ?? null), isKnown }, soFar.cases);
    const patients = new Map(samples.map(({ id, patient }) => [id, patient]));
    const onScored: OnScored = async (one, image) => {
      decider?.see(one, image, patients.get(one.id) ?? undefined);
      await maps?.(one, image);
    };
    const { metrics, trivial, scored } = await trained.memory.withScorer(
      (scorer) =>
        evaluateSamples(trained.detector, scorer, {
          fs,
          samples,
          kind,
          soFar,
          onScored,
          features: decider !== null,
          calibration: { thresholds, ranges },
          sampling: samplingRequest(rules),
          batch: decider ? 1 : header.train['eval.batch'],
          onProgress: stage(onEvent, 'scores'),
        }),
      { known: ranges, signal },
    );
    const known = scored.images.flatMap(({ id, key }) => {
      const as = knownAs(key);
      return as === null ? [] : { id, as };
    });
    const unlike = file.looks && !set ? unlikeRun(file.looks, { dataset, images, grey }) : [];
    const done = decider?.finish() ?? null;
    const ofVolumes =
      volumes &&
      (await volumeMetrics({
        ...volumeRequest({ ...header, train: rules, kind }, volumes, scored, thresholds, onEvent),
        stride,
        signal,
        onMaps:
          output && wantsMaps ? volumeMapWriter(outer.fs, output.path, thresholds.pixel?.value ?? null) : undefined,
      }));
    const results: EvaluateResults = {
      fusionclip: VERSION,
      data: dataset.name,
      kind,
      split: 'test',
      method: header.fusion.method,
      changed: request.settings ?? {},
      selectedBy,
      warning: selectedBy === 'test-oracle' ? ORACLE_WARNING : null,
      ...metrics,
      trivial,
      findings: [...findingsOf(inventory), ...unlike, ...knownClauses(known)],
      decisions:
        done &&
        realisedDecisions(
          decider!.rule,
          decider!.cases,
          samples.map(({ label }) => label),
          done.decisions,
        ),
      volumes: ofVolumes,
    };
    const decided = (done?.rows ?? []).map(({ called: _, ...row }) => row);
    return { results, scored, decided, samples, fs, inventory, file };
  } finally {
    trained.release();
  }
}
