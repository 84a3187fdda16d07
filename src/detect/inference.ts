import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { VERSION } from '../base/version.ts';
import type { DatasetKind, Sample } from '../data/layout/dataset.ts';
import { findInputs } from '../data/layout/inputs.ts';
import type { Inventory } from '../data/layout/inventory.ts';
import { leftOutLine } from '../data/layout/left_out.ts';
import type { DataRules } from '../data/layout/rules.ts';
import { givenRule, type RangeSetting } from '../data/range/rule.ts';
import { remembersSupport } from '../fusion/presets.ts';
import type { IntensityMetrics } from '../metrics/intensity_baseline.ts';
import { stage } from '../run/events.ts';
import { onDevice } from '../run/on_device.ts';
import { ADAPTERS } from '../run/run_folder.ts';
import { type AdapterFile, openAdapters } from './adapters_file.ts';
import { asTrained, type ModelSource, openModel } from './backbone.ts';
import type { Detector } from './detector.ts';
import { evaluateSamples, samplingRequest } from './evaluation.ts';
import { dataJson, openData } from './open_data.ts';
import { type PredictionRow, predictionRows, requireMapNames, toCsv, writeMaps } from './output.ts';
import { calibrateAgain, rescoredOptions, sameBank, supportAgain } from './rescore.ts';
import { ORACLE_WARNING } from './results.ts';
import { openDetector, type RunContext } from './run_context.ts';
import { fileBatches, type ScoredSet, ScoredSoFar, scoreSet } from './scoring.ts';
import type { SetMetrics } from './set_metrics.ts';
import { sliced } from './sliced.ts';
import { bankSentence, needsImages } from './support_bank.ts';
import { SupportSet } from './support_set.ts';
import { restoreTensors } from './tensor_file.ts';

/** What trained weights are used with. */
export interface TrainedSource {
  /** Path of `checkpoint/adapters.safetensors`, or of its run folder. */
  readonly adapters: string;
  /** Where the backbone lies now, if it was moved. */
  readonly model?: ModelSource;
  /** Settings of the method, as texts, in place of those of the run, as far as training does not depend on them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** How values of image files are read, in place of how the run reads them. */
  readonly range?: RangeSetting;
}

/** A trained detector, ready to score images. Release it after use. */
export class TrainedDetector {
  /** As it is used: with the settings, thresholds and ranges of now. */
  readonly file: AdapterFile;
  readonly detector: Detector;
  readonly memory: SupportSet;

  private constructor(file: AdapterFile, detector: Detector, memory: SupportSet) {
    this.file = file;
    this.detector = detector;
    this.memory = memory;
  }

  /** Opens weights and their backbone. @throws FusionclipError `io`, `bad_model`, and `usage` for settings that cannot change */
  static async open(context: RunContext, source: TrainedSource): Promise<TrainedDetector> {
    const { fs } = context;
    const path = await adaptersPath(fs, source.adapters);
    const stored = await openAdapters(fs, path);
    const { settings = {} } = source;
    const { model } = stored.header;
    const backbone = asTrained(model, await openModel(fs, source.model ?? model.name), path);
    const fusion = rescoredOptions(stored.header, settings, source.adapters, backbone.defaults);
    const grey = givenRule(source.range ?? 'auto') ?? stored.header.grey;
    const header = { ...stored.header, fusion, grey };
    if (backbone.note) context.onEvent?.({ type: 'note', text: backbone.note });
    const detector = await openDetector(context, header, backbone);
    try {
      const own = fusion.method === stored.header.fusion.method;
      if (own) restoreTensors(path, new Map(detector.method.parameters.map((p) => [p.name, p.value])), stored.weights);
      const file = { ...stored, header, selectedBy: own ? stored.selectedBy : 'none' };
      const changed = String(Object.values(fusion)) !== String(Object.values(stored.header.fusion));
      const { bank } = stored;
      context.onEvent?.({ type: 'note', text: bankSentence(bank, path) });
      const needed = remembersSupport(fusion.method);
      const kept =
        !needed || bank.kind === 'pixels' || (bank.kind === 'features' && sameBank(stored.header.fusion, fusion));
      const support = changed || !kept ? await supportAgain(fs, header, bank) : null;
      if (!kept && !support)
        throw needsImages(path, bank, changed ? 'These settings need' : 'It needs', header.data.path);
      const normals = kept ? bank.pixels.map((pixels) => ({ pixels, mask: null })) : support!.normal;
      const features = needed ? bank.features : new Map();
      const memory = new SupportSet(detector, normals, [], kept ? features : null);
      if (changed) {
        try {
          Object.assign(file, await calibrateAgain(fs, detector, header, support, memory));
        } catch (error) {
          memory.release();
          throw error;
        }
        context.onEvent?.({ type: 'note', text: changedNote(file.thresholds) });
      }
      return new TrainedDetector(file, detector, memory);
    } catch (error) {
      detector.release();
      throw error;
    }
  }

  /**
   * Scores image files; with `fuse mvfa` the ranges are those of the given images. Throws `io`, `bad_image`.
   * @param soFar what of them is scored already
   */
  async score(
    context: RunContext,
    paths: readonly string[],
    soFar: ScoredSoFar = new ScoredSoFar(),
  ): Promise<ScoredSet> {
    const { detector, file } = this;
    const left = paths.slice(soFar.count);
    const progress = stage(context.onEvent ?? (() => {}), 'scores');
    const say = (text: string) => context.onEvent?.({ type: 'note', text });
    return this.memory.withScorer(
      ({ images }) =>
        scoreSet(detector, images, fileBatches(context.fs, detector, left, file.header.train['eval.batch'], say), {
          soFar,
          ranges: file.ranges,
          signal: context.signal,
          onProgress: (done) => progress(done, paths.length),
        }),
      file.ranges,
    );
  }

  /** Frees the memory of the GPU. */
  release(): void {
    this.memory.release();
    this.detector.release();
  }
}

/** What a user should know of thresholds for settings that are not the run's own. */
function changedNote({ image }: AdapterFile['thresholds']): string {
  if (image) return 'The settings are not those of the run, so thresholds were chosen anew on its data set.';
  return 'The settings are not those of the run, and its data set is not there, so there are no thresholds.';
}

/** Images to score. */
export interface PredictRequest extends TrainedSource {
  /** Image files, and folders that are searched for images at any depth. */
  readonly paths: readonly string[];
  /** Folder for `predictions.csv`, `predictions.json` and `maps/`; null writes nothing. */
  readonly out: string | null;
  /** In place of the run's own `map.files`. */
  readonly maps?: 'npy' | 'png16' | 'none';
}

/** Images that were scored. */
export interface Predicted {
  readonly rows: PredictionRow[];
  /** Their maps, in the same order. */
  readonly scored: ScoredSet;
  /** Paths of the heat maps that were written, in the same order; none without `out`. */
  readonly pictures: readonly string[];
}

/** The images at some paths; says how many there are, and what is left out and why. Throws as {@link findInputs}. */
export async function imagesToScore({ fs, onEvent }: RunContext, paths: readonly string[]): Promise<string[]> {
  const { images, leftOut } = await findInputs(fs, paths);
  const count = `${images.length} image${images.length === 1 ? '' : 's'} to score`;
  onEvent?.({ type: 'note', text: [count, ...leftOut.map((one) => `left out: ${leftOutLine(one)}`)].join('\n') });
  return [...images];
}

/**
 * Scores images without labels.
 * @throws FusionclipError `io`, `bad_image`, `bad_model`; nothing is written then
 */
export async function predictImages(context: RunContext, request: PredictRequest): Promise<PredictionRow[]> {
  const paths = await imagesToScore(context, request.paths);
  const soFar = new ScoredSoFar();
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, request);
    try {
      return (await predictTrained(working, trained, { ...request, paths }, soFar)).rows;
    } finally {
      trained.release();
    }
  });
}

/**
 * As {@link predictImages}, by a detector that is open, which stays open.
 * @param request its paths are files, as {@link imagesToScore} finds them
 * @param soFar what of them is scored already
 */
export async function predictTrained(
  context: RunContext,
  trained: TrainedDetector,
  request: Omit<PredictRequest, 'model' | 'settings' | 'range'>,
  soFar?: ScoredSoFar,
): Promise<Predicted> {
  const { fs, signal, onEvent = () => {} } = context;
  const { paths, out } = request;
  const { header, thresholds } = trained.file;
  const format = request.maps ?? header.train['map.files'];
  if (out !== null) requireMapNames(paths, joinPath(out, 'maps'), format);
  if (header.fusion.fuse === 'mvfa' || header.fusion['score.cls'] === 'april') {
    const text = 'These settings rescale scores by the extremes of the given images, so they depend on each other.';
    onEvent({ type: 'note', text });
  }
  const scored = await trained.score(context, paths, soFar);
  const rows = predictionRows(scored, thresholds);
  if (out === null) return { rows, scored, pictures: [] };
  await fs.writeFile(joinPath(out, 'predictions.csv'), toCsv(rows));
  const { method } = header.fusion;
  const facts = { fusionclip: VERSION, method, adapters: request.adapters, thresholds, images: rows };
  await fs.writeFile(joinPath(out, 'predictions.json'), `${JSON.stringify(facts, null, 2)}\n`);
  const { norm } = header.fusion;
  const folder = joinPath(out, 'maps');
  const { grey } = header;
  const pictures = await writeMaps(fs, folder, scored, norm, format, (id) => id, grey, stage(onEvent, 'maps'), signal);
  return { rows, scored, pictures };
}

/** A labelled data set to evaluate trained weights on. */
export interface EvaluateRequest extends Omit<TrainedSource, 'range'> {
  /** Folder of the data set; by default the one that was trained on. */
  readonly data?: string;
  /** How its folders are read, where that is not as the run has it. */
  readonly rules?: Partial<DataRules>;
  /** Folder for `results.json`, `predictions.csv` and `maps/`; null writes nothing. */
  readonly out: string | null;
  readonly maps?: 'npy' | 'png16' | 'none';
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
  /** What the audit of the data found: images or patients that support and test share, a test set of one patient. */
  readonly findings: readonly string[];
}

/** Trained weights on labelled images. */
export interface EvaluateOutcome {
  readonly results: EvaluateResults;
  /** The test images with their maps. */
  readonly scored: ScoredSet;
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
 * @throws FusionclipError `io`, `bad_data`, `bad_image`, `bad_model`, and `usage` when the set is of the other kind
 */
export async function evaluateRun(context: RunContext, request: EvaluateRequest): Promise<EvaluateResults> {
  const { signal, onEvent = () => {} } = context;
  const { results, scored, samples, fs, inventory, file } = await evaluateTrained(context, request);
  const { out } = request;
  if (out === null) return results;
  await fs.writeFile(joinPath(out, 'data.json'), dataJson(inventory));
  await fs.writeFile(joinPath(out, 'predictions.csv'), toCsv(predictionRows(scored, file.thresholds)));
  const format = request.maps ?? file.header.train['map.files'];
  const paths = new Map(samples.map((sample) => [sample.id, sample.path]));
  const progress = stage(onEvent, 'maps');
  const { grey, fusion } = file.header;
  const place = (id: string) => paths.get(id)!;
  await writeMaps(fs, joinPath(out, 'maps'), scored, fusion.norm, format, place, grey, progress, signal);
  await fs.writeFile(joinPath(out, 'results.json'), `${JSON.stringify(results, null, 2)}\n`);
  return results;
}

/** As {@link evaluateRun}, but keeps the maps in place of writing anything. */
export async function evaluateTrained(
  context: RunContext,
  request: Omit<EvaluateRequest, 'out' | 'maps'>,
): Promise<EvaluateOutcome> {
  const soFar = new ScoredSoFar();
  return onDevice(context, (working) => evaluateOn(working, request, soFar));
}

async function evaluateOn(
  outer: RunContext,
  request: Omit<EvaluateRequest, 'out' | 'maps'>,
  soFar: ScoredSoFar,
): Promise<EvaluateOutcome> {
  const { signal, onEvent = () => {} } = outer;
  const trained = await TrainedDetector.open(outer, { ...request, range: request.rules?.range });
  try {
    const { weights: _, ...file } = trained.file;
    const { header, thresholds, ranges, selectedBy } = file;
    const path = request.data ?? header.data.path;
    const { context, rules } = await sliced(outer, path, { ...header.train, ...request.rules });
    const { fs } = context;
    const of = request.data === undefined ? request.adapters : undefined;
    const { dataset, inventory, tell } = await openData(context, {
      path,
      rules,
      object: header.object,
      keeps: true,
      grey: givenRule(rules.range) ?? header.grey,
      of,
    });
    if (header.kind === 'pixel' && dataset.kind === 'image') {
      const what = 'has labels only, but the run was trained on masks';
      throw new FusionclipError('bad_data', `${path} ${what}; give a data set with masks.`);
    }
    tell();
    const samples = dataset.splits.test;
    const { metrics, trivial, scored } = await trained.memory.withScorer(
      (scorer) =>
        evaluateSamples(trained.detector, scorer, {
          fs,
          samples,
          soFar,
          calibration: { thresholds, ranges },
          sampling: samplingRequest({ ...header.train, ...request.rules }),
          batch: header.train['eval.batch'],
          onProgress: stage(onEvent, 'scores'),
          signal,
        }),
      ranges,
    );
    const results: EvaluateResults = {
      fusionclip: VERSION,
      data: dataset.name,
      kind: header.kind,
      split: 'test',
      method: header.fusion.method,
      changed: request.settings ?? {},
      selectedBy,
      warning: selectedBy === 'test-oracle' ? ORACLE_WARNING : null,
      ...metrics,
      trivial,
      findings: inventory.leaks.warnings,
    };
    return { results, scored, samples, fs, inventory, file };
  } finally {
    trained.release();
  }
}

/** The adapters of a run folder, or the path itself. */
async function adaptersPath(fs: FileSystem, path: string): Promise<string> {
  const stat = await fs.stat(path);
  if (!stat) throw new FusionclipError('io', `There is no run at ${path}; check the path.`);
  if (stat.kind === 'file') return path;
  const file = joinPath(path, ADAPTERS);
  if (await fs.stat(file)) return file;
  throw new FusionclipError(
    'io',
    `${path} has no ${ADAPTERS}: it is no run folder, or the run is unfinished (fusionclip train --resume --out ${path}).`,
  );
}
