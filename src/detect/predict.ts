import { counted } from '../base/counted.ts';
import type { FusionclipError } from '../base/errors.ts';
import { VERSION } from '../base/version.ts';
import { findInputs } from '../data/layout/inputs.ts';
import { leftOutLine } from '../data/layout/left_out.ts';
import type { DecisionCase } from '../decide/decide.ts';
import { methodTitle } from '../fusion/presets.ts';
import { onDevice } from '../run/on_device.ts';
import { type BatchDecisions, Decider, needsCalibration, type SourceOf, UNDECIDED } from './decider.ts';
import { pointSentence, type ThresholdChoice, type Worth, worthOf } from './image_threshold.ts';
import { type KnownImage, knownClauses, knownImages, knownWord } from './known_images.ts';
import { requireMapNames } from './map_names.ts';
import { type MapFiles, MapWriter } from './maps.ts';
import { OutputFolder } from './output_folder.ts';
import { badRow, FILE_COLUMNS, type FileRow, predictionRow, toCsv } from './predictions.ts';
import type { RunContext } from './run_context.ts';
import { LooksBeside } from './run_looks.ts';
import { dependsOnSet, type OnScored, type ScoredImage, ScoredSoFar } from './scoring.ts';
import { TrainedDetector, type TrainedSource } from './trained.ts';

/** Images to score. */
export interface PredictRequest extends TrainedSource, ThresholdChoice {
  /** Image files, and folders that are searched for images at any depth. */
  readonly paths: readonly string[];
  /** Folder for `predictions.csv`, `predictions.json` and `maps/`; null writes nothing. */
  readonly out: string | null;
  /** In place of the run's own `map.files`. */
  readonly maps?: MapFiles;
  /** Whether the first image that cannot be read ends the work; else it is a row with its error. By default it does. */
  readonly strict?: boolean;
  /** Of slices: their patients and scanners. */
  readonly sourceOf?: SourceOf;
  /** Whether an image is left out, asked once of each in their order, before it is read: it has no row. */
  readonly leave?: (path: string) => Promise<boolean>;
  /** Gets what is wrong with an image that cannot be read. */
  readonly onBad?: (error: FusionclipError) => void;
  /** Gets each row as soon as it is known (what takes all images is in the result alone), in the order of the images; `scored` is null for an image that cannot be read. */
  readonly onRow?: (row: FileRow, scored: ScoredImage | null) => void | Promise<void>;
}

/** What `predictions.json` holds. */
export interface Predictions {
  readonly fusionclip: string;
  readonly method: string;
  readonly adapters: string;
  /** What the image threshold is, where it comes from and what it does. */
  readonly threshold: Worth['point'];
  /** The run is no better than chance, as far as is known; or null. */
  readonly warning: string | null;
  /** From these values of a map on a pixel is abnormal; null where none is known. */
  readonly pixelThreshold: number | null;
  /** The value of a map that has the hottest colour; null: each map spans its own extremes. */
  readonly mapScale: number | null;
  /** What is known of the decisions together; null without a calibration. */
  readonly decisions: BatchDecisions | null;
  /** What makes the scores doubtful: images that the run was made of, and what all have otherwise than those. */
  readonly findings: readonly string[];
  readonly images: readonly FileRow[];
}

/** The images at some paths; says how many there are, and what is left out and why. Throws as {@link findInputs}. */
export async function imagesToScore({ fs, onEvent }: RunContext, paths: readonly string[]): Promise<string[]> {
  const { images, leftOut } = await findInputs(fs, paths);
  const left = leftOut.reduce((sum, { count }) => sum + count, 0);
  const count = `${counted(images.length, 'image')} to score${left > 0 ? `, ${left} left out` : ''}`;
  onEvent?.({ type: 'note', text: [count, ...leftOut.map((one) => `left out: ${leftOutLine(one)}`)].join('\n') });
  return [...images];
}

/**
 * Scores images without labels. Each row and map is written as soon as it is known. Rows are held for `predictions.json`, maps and
 * images are not.
 * @throws FusionclipError `io`, `bad_image`, `bad_model`, and `usage` for a folder that cannot be written to
 */
export async function predictImages(context: RunContext, request: PredictRequest): Promise<Predictions> {
  await OutputFolder.probe(context.fs, request.out, noteOf(context));
  const paths = await imagesToScore(context, request.paths);
  return withOutput(context, request.out, async (output) => {
    const progress = new PredictProgress();
    return onDevice(context, async (working) => {
      const trained = await TrainedDetector.open(working, request);
      try {
        return await predictInto(working, trained, { ...request, paths }, output, progress);
      } finally {
        trained.release();
      }
    });
  });
}

/**
 * As {@link predictImages}, by a detector that is open, which stays open.
 * @param request its paths are files, as {@link imagesToScore} finds them
 */
export async function predictTrained(
  context: RunContext,
  trained: TrainedDetector,
  request: Omit<PredictRequest, 'model' | 'settings' | 'range'>,
): Promise<Predictions> {
  return withOutput(context, request.out, (output) =>
    predictInto(context, trained, request, output, new PredictProgress()),
  );
}

/** What is done by now: when the device is lost, the work goes on behind it. */
class PredictProgress {
  readonly soFar = new ScoredSoFar();
  readonly rows: FileRow[] = [];
  /** Paths up to which those that cannot be read have their rows. */
  told = 0;
  /** Why images cannot be read, by path. */
  readonly bad = new Map<string, FusionclipError>();
  readonly cases: DecisionCase[] = [];
  /** Images that the run was made of. */
  readonly known: KnownImage[] = [];
  /** How the images look beside those of the run; null where these are not known, and of slices. */
  looks: LooksBeside | null = null;
  begun = false;
}

/** Tells a sentence as a note. */
function noteOf({ onEvent }: Pick<RunContext, 'onEvent'>): (text: string) => void {
  return (text) => onEvent?.({ type: 'note', text });
}

async function withOutput<T>(
  context: RunContext,
  out: string | null,
  body: (output: OutputFolder | null) => Promise<T>,
): Promise<T> {
  const output = out === null ? null : await OutputFolder.take(context.fs, out, noteOf(context));
  try {
    return await body(output);
  } finally {
    await output?.release();
  }
}

async function predictInto(
  context: RunContext,
  trained: TrainedDetector,
  request: Omit<PredictRequest, 'model' | 'settings' | 'range'>,
  output: OutputFolder | null,
  progress: PredictProgress,
): Promise<Predictions> {
  const { fs, onEvent = () => {} } = context;
  const { paths, strict = true, falseDiscovery = null, onRow, sourceOf, leave } = request;
  const { header, thresholds, mapScale, looks, rule } = trained.file;
  const { grey } = header;
  const { norm, method } = header.fusion;
  const worth = worthOf(trained.file, request);
  if (falseDiscovery !== null && !rule) throw needsCalibration(request.adapters);
  const given = worth.point?.from === 'calibration' ? null : (worth.point?.value ?? null);
  const knownAs = knownImages(trained.file);
  const isKnown = (key?: string) => knownAs(key) !== null;
  const decider = rule && new Decider(rule, { falseDiscovery, threshold: given, sourceOf, isKnown }, progress.cases);
  const format = request.maps ?? header.train['map.files'];
  if (output) requireMapNames(paths, output.file('maps'), format);
  const level = thresholds.pixel?.value ?? null;
  const maps = output && new MapWriter(fs, output.file('maps'), paths, { format, norm, scale: mapScale, level, grey });
  const used = { image: worth.point, pixel: thresholds.pixel };
  const { soFar, rows, bad } = progress;
  // What is otherwise with slices their volumes say.
  if (looks && !sourceOf) progress.looks ??= new LooksBeside(looks, header.train.group);
  if (!progress.begun) {
    onEvent({ type: 'note', text: notesOf(trained, worth).join('\n') });
    if (output) {
      await output.clear();
      await fs.writeFile(output.file('predictions.csv'), toCsv([], FILE_COLUMNS));
    }
    progress.begun = true;
  }
  const add = async (row: FileRow, scored: ScoredImage | null) => {
    rows.push(row);
    if (output) await fs.appendFile(output.file('predictions.csv'), toCsv([row], FILE_COLUMNS, false));
    await onRow?.(row, scored);
  };
  /** Rows of what cannot be read, up to an image that can. */
  const addBad = async (before: number) => {
    while (progress.told < before) {
      const id = paths[progress.told++];
      const error = bad.get(id);
      if (error) await add(badRow(id, error), null);
    }
  };
  const places = new Map(paths.map((path, i) => [path, i]));
  const onScored: OnScored = async (scored, image) => {
    await addBad(places.get(scored.id)!);
    const map = maps ? await maps.write(scored, scored.id, image) : null;
    const as = knownAs(scored.key);
    if (as !== null) progress.known.push({ id: scored.id, as });
    if (scored.look) progress.looks?.add(scored.id, scored.look);
    const warning = [worth.warning, knownWord(as)].filter((text) => text !== null).join('; ') || null;
    const decision = decider ? decider.see(scored, image) : UNDECIDED;
    const row = {
      ...predictionRow(scored, used, decision),
      warning,
      map,
      error: null,
    };
    await add(falseDiscovery === null ? row : { ...row, abnormal: null, threshold: null }, scored);
  };
  const onBad = (path: string, error: FusionclipError) => {
    bad.set(path, error);
    request.onBad?.(error);
  };
  await trained.score(context, paths, {
    ...{ soFar, onScored, onBad: strict ? undefined : onBad, leave, keep: false, pattern: progress.looks?.pattern },
    features: decider !== null,
  });
  await addBad(paths.length);
  const decisions = decider && decideTogether(decider, rows, falseDiscovery);
  if (decisions) {
    onEvent({ type: 'note', text: decisions.coverage.text });
    // Coverage and adjusted p-values are of all images together.
    if (output) await fs.writeFile(output.file('predictions.csv'), toCsv(rows, FILE_COLUMNS));
  }
  const findings = [...knownClauses(progress.known), ...(progress.looks?.clauses() ?? [])];
  if (findings.length > 0) onEvent({ type: 'note', text: findings.map((finding) => `${finding}.`).join('\n') });
  const { point, warning } = worth;
  const predictions: Predictions = {
    fusionclip: VERSION,
    method,
    adapters: request.adapters,
    threshold: point,
    warning,
    pixelThreshold: level,
    mapScale,
    decisions,
    findings,
    images: rows,
  };
  if (output) await fs.writeFile(output.file('predictions.json'), `${JSON.stringify(predictions, null, 2)}\n`);
  return predictions;
}

/** Puts into rows what takes all images together. */
function decideTogether(decider: Decider, rows: FileRow[], falseDiscovery: number | null): BatchDecisions {
  const { rows: decided, decisions } = decider.finish();
  const { alpha, point, from } = decider.rule;
  let next = 0;
  rows.forEach((row, i) => {
    if (row.error !== null) return;
    const { called, ...decision } = decided[next++];
    // What is marked is known from before a device was lost, when the map was there.
    rows[i] = { ...row, ...decision, markedShare: row.markedShare, abnormal: called };
  });
  const { coverage, shift, patients } = decisions;
  return { hash: from.hash, alpha, point, falseDiscovery, coverage, shift, patients };
}

/** What whoever reads the predictions should know before. */
function notesOf({ file }: TrainedDetector, { point, warning }: Worth): string[] {
  const { fusion, data } = file.header;
  const notes = [`${methodTitle(fusion.method)}, trained on ${data.name}.`];
  notes.push(point ? pointSentence(point) : 'There is no threshold, so nothing is called abnormal.');
  if (warning)
    notes.push(`This run is ${warning}; nothing shows that its scores tell abnormal images from normal ones.`);
  if (file.mapScale === null) notes.push('No scale of maps is known, so the colours of each span its own extremes.');
  if (dependsOnSet(fusion)) {
    notes.push('These settings rescale scores by the extremes of the given images, so they depend on each other.');
  }
  return notes;
}
