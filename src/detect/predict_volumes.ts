import { counted } from '../base/counted.ts';
import { FusionclipError } from '../base/errors.ts';
import { joinPath } from '../base/paths.ts';
import { onDevice } from '../run/on_device.ts';
import { accepting } from '../volume/accept.ts';
import { apply, voxelMillilitres } from '../volume/geometry.ts';
import type { GridMaps } from '../volume/grid_maps.ts';
import type { Plane } from '../volume/plane.ts';
import { type StoredRule, storedRule, volumeScore } from '../volume/stack.ts';
import { isVolumePath, type VolumeToScore, volumesToScore } from '../volume/to_score.ts';
import { OutputFolder } from './output_folder.ts';
import { type Predictions, type PredictRequest, predictImages, predictTrained } from './predict.ts';
import type { RunContext } from './run_context.ts';
import type { ScoredImage } from './scoring.ts';
import { sliceMaps } from './slice_maps.ts';
import { sliceSource } from './slice_source.ts';
import { refuseForPictures } from './sliced.ts';
import { TrainedDetector } from './trained.ts';
import { trainedOn } from './trained_on.ts';
import { volumeFile } from './volume_maps.ts';
import { volumeRule } from './volume_metrics.ts';
import { type VolumeResult, VolumeResults } from './volume_results.ts';

/** What is found in a volume. */
export interface VolumeRow {
  readonly name: string;
  readonly patient: string;
  /** By the rule of the run; NaN where every slice is empty. */
  readonly score: number;
  /** Whether the score reaches the threshold of images; null when there is none. */
  readonly abnormal: boolean | null;
  /** Slices that were scored, in all planes. */
  readonly scored: number;
  /** How values became grey levels. */
  readonly window: string;
  /** What speaks against its score: how it is unlike what the run was trained on, or that the window does not suit it; mostly ''. */
  readonly remarks: string;
  /** Where the map is highest: slice, from 0 on, and millimetres to the right, front and head; no numbers for a single image. */
  readonly slice: number;
  readonly place: readonly number[];
  /** Millilitres at or above the pixel threshold; null without one. */
  readonly millilitres: number | null;
  /** Path of the map on the grid of the volume; null where none was written. */
  readonly map: string | null;
  /** Paths of the DICOM results that were written. */
  readonly dicom: readonly string[];
}

/** A patient by the highest of their volumes. */
export interface PatientRow extends Pick<VolumeRow, 'patient' | 'score' | 'abnormal'> {
  /** The name of that volume. */
  readonly volume: string;
}

/** What is found in volumes: `volumes.json`. */
export interface VolumePredictions {
  /** How scores of slices became those of volumes and patients. */
  readonly rule: StoredRule | null;
  readonly volumes: readonly VolumeRow[];
  readonly patients: readonly PatientRow[];
}

/** Scores of slices, and of volumes where there are some. */
export interface PredictedPaths extends VolumePredictions {
  readonly predictions: Predictions;
}

/** Images or volumes to score. */
export interface PredictPathsRequest extends PredictRequest {
  /** What series may have against them, beside what the run accepts: words of `--accept`. */
  readonly accept?: readonly string[];
  /** In place of the run's own `--window`, `--plane` and `--volume`. */
  readonly window?: string | null;
  readonly plane?: Plane | null;
  readonly volume?: number | null;
  /** Of volumes every how many slices one is scored; the maps between are mixed of their neighbours. By default all are scored. */
  readonly stride?: number;
  /** What is written of each volume below `out`; the map and its mask as NIfTI where nothing is said. */
  readonly write?: readonly VolumeResult[];
  /** Gets each volume when it is done, with its map on the grid that it is stored in. */
  readonly onVolume?: (row: VolumeRow, maps: GridMaps) => void | Promise<void>;
}

const NO_VOLUMES: VolumePredictions = { rule: null, volumes: [], patients: [] };

/**
 * As `predictImages`, for DICOM series and NIfTI volumes too: their slices are images, by the window and planes of the run. With `out` each
 * volume gets what `write` names in `volumes`, on its own grid, smoothed from slice to slice, and `volumes.json` all scores.
 * @throws FusionclipError as `predictImages`, `volumesToScore` and `VolumeResults.open`
 */
export async function predictPaths(context: RunContext, request: PredictPathsRequest): Promise<PredictedPaths> {
  await OutputFolder.probe(context.fs, request.out, (text) => context.onEvent?.({ type: 'note', text }));
  const volumes = await volumePaths(context, request.paths);
  if (volumes.length === 0) {
    requireNoVolumeFlags(request);
    return { predictions: await predictImages(context, request), ...NO_VOLUMES };
  }
  if ((request.range ?? 'auto') !== 'auto') {
    throw new FusionclipError('usage', '--range is for pictures, and these are volumes, which have --window.');
  }
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, request);
    try {
      return await predictVolumes(working, trained, { ...request, paths: volumes });
    } finally {
      trained.release();
    }
  });
}

/** Pictures have no slices to pass over, and no series that results could be of. */
function requireNoVolumeFlags(request: PredictPathsRequest): void {
  const { stride = 1, write = [], window = null, plane = null, volume = null } = request;
  refuseForPictures({
    '--window': window !== null,
    '--plane': plane !== null,
    '--volume': volume !== null,
    '--stride': stride !== 1,
    [`--write ${write.join(',')}`]: write.some((kind) => kind !== 'nifti'),
  });
}

/** Those of some paths that are volumes; pictures beside them are left out, which is said. */
export async function volumePaths({ fs, onEvent }: RunContext, paths: readonly string[]): Promise<string[]> {
  const volumes: string[] = [];
  for (const path of paths) if (await isVolumePath(fs, path)) volumes.push(path);
  const pictures = paths.length - volumes.length;
  if (volumes.length > 0 && pictures > 0) {
    onEvent?.({ type: 'note', text: `left out, beside volumes: ${counted(pictures, 'path')} of pictures` });
  }
  return volumes;
}

/**
 * Scores volumes by a detector that is open, which stays open. The maps of one volume are held at a time, unless scores depend on all
 * images.
 * @param request its paths are those of volumes
 */
export async function predictVolumes(
  context: RunContext,
  trained: TrainedDetector,
  request: Omit<PredictPathsRequest, 'model' | 'settings' | 'range'>,
): Promise<PredictedPaths> {
  const { header, thresholds } = trained.file;
  const { out, stride = 1, write = ['nifti'], accept = [] } = request;
  const { window, plane, volume } = header.train;
  const rules = {
    ...accepting(header.train, accept),
    ...{ window: request.window ?? window, plane: request.plane ?? plane, volume: request.volume ?? volume },
    trained: trainedOn(header, request.window),
  };
  const { fs, volumes, notes } = await volumesToScore(context.fs, request.paths, rules, header.object, {
    ...{ stride, unseen: true },
  });
  for (const text of notes) context.onEvent?.({ type: 'note', text });
  const rule = volumeRule(header.train);
  const level = thresholds.pixel?.value ?? null;
  const { adapters } = request;
  const results = out === null ? null : await VolumeResults.open(context.fs, out, write, volumes, trained, adapters);
  if (results?.note) context.onEvent?.({ type: 'note', text: results.note });
  const found: VolumeRow[] = [];
  const scored = new Map<string, ScoredImage>();
  const waiting = volumes.map((one) => ({ one, left: pathsOf(one).length }));
  const ofPath = new Map(waiting.flatMap((each) => pathsOf(each.one).map((path) => [path, each])));
  let first = 0;
  /** Looks at volumes whose slices are all scored, and forgets their maps. */
  const finish = async () => {
    while (waiting[first]?.left === 0) {
      const { one } = waiting[first++];
      const remark = one.unsuited();
      if (remark) {
        one.remarks.add(one.source.name, remark);
        context.onEvent?.({ type: 'note', text: `${one.source.name}: ${remark}` });
      }
      const { norm } = header.fusion;
      const maps = sliceMaps(one.source, one.stacks, scored, { norm, stride, smooth: rule.smooth });
      const scores = pathsOf(one).flatMap((path) => scored.get(path)?.score ?? []);
      const { name, patient } = one.source;
      const facts: Omit<VolumeRow, 'dicom'> = {
        ...{ name, patient, window: (await one.grey()).text, remarks: one.remarks.of(name), abnormal: null },
        ...{ score: scores.length > 0 ? volumeScore(scores, rule.top) : Number.NaN, scored: scores.length },
        ...lookAt(one, maps, level),
        map: out !== null && write.includes('nifti') && one.source.placed ? volumeFile(out, one.file, '.nii.gz') : null,
      };
      const dicom = (await results?.write({ ...facts, one, mapOf: (k) => maps.slice(k) })) ?? [];
      const row: VolumeRow = { ...facts, dicom };
      found.push(row);
      await request.onVolume?.(row, maps);
      for (const path of pathsOf(one)) scored.delete(path);
    }
  };
  const onRow: PredictRequest['onRow'] = async (row, image) => {
    if (image) scored.set(row.id, image);
    ofPath.get(row.id)!.left--;
    await request.onRow?.(row, image);
    await finish();
  };
  /** Empty slices have no row. */
  const leave = async (path: string) => {
    const each = ofPath.get(path)!;
    if (!(await each.one.isEmpty(path))) return false;
    each.left--;
    return true;
  };
  const paths = volumes.flatMap(pathsOf);
  const sourceOf = sliceSource(
    volumes.map(({ source: { patient, scanner }, stacks }) => ({ patient, scanner, stacks })),
  );
  const predictions = await predictTrained({ ...context, fs }, trained, { ...request, paths, onRow, leave, sourceOf });
  await finish();
  // A volume is its patient's, and the highest of many slices is above what is chosen for one.
  const { rule: calibrated } = trained.file;
  const { from, value = null } = predictions.threshold ?? {};
  const threshold = from === 'calibration' ? (calibrated?.patientThreshold ?? value) : value;
  const rows = found.map((row) => ({ ...row, abnormal: calls(row.score, threshold) }));
  const result = { rule: storedRule(rule, stride), volumes: rows, patients: patientRows(rows) };
  if (out !== null) {
    await context.fs.writeFile(joinPath(out, 'volumes.json'), `${JSON.stringify(result, null, 2)}\n`);
  }
  return { predictions, ...result };
}

function calls(score: number, threshold: number | null): boolean | null {
  return threshold === null || Number.isNaN(score) ? null : score >= threshold;
}

function pathsOf({ stacks }: VolumeToScore): string[] {
  return stacks.flatMap(({ slices }) => slices.filter((path) => path !== null));
}

/** Where a volume's map is highest, and how much of it is above the threshold. */
function lookAt(
  { source: { shape, affine, placed } }: VolumeToScore,
  maps: GridMaps,
  level: number | null,
): Pick<VolumeRow, 'slice' | 'place' | 'millilitres'> {
  if (!placed) return { slice: 0, place: [], millilitres: null };
  let best = { value: Number.NEGATIVE_INFINITY, i: 0, k: 0 };
  let above = 0;
  for (let k = 0; k < shape[2]; k++) {
    const map = maps.slice(k);
    for (let i = 0; i < map.length; i++) {
      if (map[i] > best.value) best = { value: map[i], i, k };
      if (level !== null && map[i] >= level) above++;
    }
  }
  const place = apply(affine, best.i % shape[0], Math.floor(best.i / shape[0]), best.k);
  return {
    slice: best.k,
    place: place.map((mm) => Number(mm.toFixed(2))),
    millilitres: level === null ? null : Number((above * voxelMillilitres(affine)).toFixed(3)),
  };
}

function patientRows(volumes: readonly VolumeRow[]): PatientRow[] {
  const out = new Map<string, PatientRow>();
  for (const { patient, score, abnormal, name } of volumes) {
    const known = out.get(patient);
    if (!known || score > known.score || Number.isNaN(known.score))
      out.set(patient, { patient, score, abnormal, volume: name });
  }
  return [...out.values()];
}
