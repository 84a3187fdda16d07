import { joinPath } from '../base/paths.ts';
import { cropMap } from '../data/heat_map.ts';
import { onDevice } from '../run/on_device.ts';
import { apply, spacings } from '../volume/geometry.ts';
import { onGrid } from '../volume/grid.ts';
import { smoothedSlices, volumeScore } from '../volume/stack.ts';
import { isVolumePath, type VolumeToScore, volumesToScore } from '../volume/to_score.ts';
import { unframedMap } from './pictures.ts';
import { type Predictions, type PredictRequest, predictImages, predictTrained } from './predict.ts';
import type { RunContext } from './run_context.ts';
import type { ScoredImage } from './scoring.ts';
import { TrainedDetector } from './trained.ts';
import { type VolumeResult, VolumeResults } from './volume_results.ts';

/** What is found in a volume. */
export interface VolumeRow {
  readonly name: string;
  readonly patient: string;
  /** The mean of the highest 5 % of the slices' scores. */
  readonly score: number;
  /** How values became grey levels. */
  readonly window: string;
  /** Where the map is highest: slice, and millimetres to the right, front and head. */
  readonly slice: number;
  readonly place: readonly number[];
  /** Millilitres at or above the pixel threshold; null without one. */
  readonly millilitres: number | null;
}

/** Images or volumes to score. */
export interface PredictPathsRequest extends PredictRequest {
  /** What is written of each volume below `out`; the map and its mask as NIfTI where nothing is said. */
  readonly write?: readonly VolumeResult[];
}

/** Scores of slices, and of volumes where there are some. */
export interface PredictedPaths {
  readonly predictions: Predictions;
  readonly volumes: readonly VolumeRow[];
}

/**
 * As `predictImages`, for DICOM series and NIfTI volumes too: their slices are images, by the window and plane of the run. With `out` each
 * volume gets what `write` names in `volumes`, on its own grid, smoothed from slice to slice, and `volumes.json` all scores.
 * @throws FusionclipError as `predictImages`, `volumesToScore` and `VolumeResults.open`
 */
export async function predictPaths(context: RunContext, request: PredictPathsRequest): Promise<PredictedPaths> {
  const kinds = await Promise.all(request.paths.map((path) => isVolumePath(context.fs, path)));
  if (!kinds.includes(true)) return { predictions: await predictImages(context, request), volumes: [] };
  const pictures = request.paths.filter((_, i) => !kinds[i]);
  const own = await predictVolumes(context, { ...request, paths: request.paths.filter((_, i) => kinds[i]) });
  if (pictures.length > 0) {
    context.onEvent?.({ type: 'note', text: `left out, beside volumes: ${pictures.length} paths of pictures` });
  }
  return own;
}

async function predictVolumes(context: RunContext, request: PredictPathsRequest): Promise<PredictedPaths> {
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, request);
    try {
      const { header, thresholds } = trained.file;
      const { fs, volumes } = await volumesToScore(working.fs, request.paths, header.train, header.object);
      const results =
        request.out === null
          ? null
          : await VolumeResults.open(
              working.fs,
              request.out,
              request.write ?? ['nifti'],
              volumes,
              trained,
              request.adapters,
            );
      if (results?.note) working.onEvent?.({ type: 'note', text: results.note });
      const paths = volumes.flatMap(({ slices }) => slices.filter((path) => path !== null));
      const scored = new Map<string, ScoredImage>();
      const onRow: PredictRequest['onRow'] = (row, image) => {
        if (image) scored.set(row.id, { ...image, map: image.map.slice() });
        request.onRow?.(row, image);
      };
      const predictions = await predictTrained({ ...working, fs }, trained, { ...request, paths, onRow });
      const found: VolumeRow[] = [];
      for (const one of volumes) {
        const maps = mapsOf(one, scored, header.fusion.norm);
        const row = rowOf(one, scored, maps, thresholds.pixel?.value ?? null);
        const map = results && onGrid(wholeMap(one.volume.shape, maps), one.volume, one.source);
        if (map) await results.write({ one, map, score: row.score, millilitres: row.millilitres });
        found.push(row);
      }
      if (request.out !== null) {
        await working.fs.writeFile(joinPath(request.out, 'volumes.json'), `${JSON.stringify(found, null, 2)}\n`);
      }
      return { predictions, volumes: found };
    } finally {
      trained.release();
    }
  });
}

/** The maps of a volume's slices, at their size. */
function mapsOf(
  { volume, slices }: VolumeToScore,
  scored: ReadonlyMap<string, ScoredImage>,
  norm: Parameters<typeof unframedMap>[2],
): (Float32Array | null)[] {
  const [width, height] = volume.shape;
  const maps = slices.map((path) => {
    const map = path === null ? undefined : scored.get(path)?.map;
    if (!map) return null;
    const size = Math.sqrt(map.length);
    const image = { width, height, channels: 1 as const, data: new Uint8Array(0) };
    const whole = unframedMap({ width: size, height: size, data: map }, image, norm);
    return cropMap(whole, { left: 0, top: 0, width: 1, height: 1 }, width, height).data;
  });
  return smoothedSlices(maps, spacings(volume.affine)[2]);
}

/** The map of all slices; of those without one it is the lowest value of the others. */
function wholeMap(
  [width, height, depth]: readonly [number, number, number],
  maps: readonly (Float32Array | null)[],
): Float32Array<ArrayBuffer> {
  const size = width * height;
  let low = Number.POSITIVE_INFINITY;
  for (const map of maps) for (const value of map ?? []) low = Math.min(low, value);
  const data = new Float32Array(size * depth).fill(Number.isFinite(low) ? low : 0);
  for (const [k, map] of maps.entries()) if (map) data.set(map, k * size);
  return data;
}

function rowOf(
  { volume, grey, slices }: VolumeToScore,
  scored: ReadonlyMap<string, ScoredImage>,
  maps: readonly (Float32Array | null)[],
  threshold: number | null,
): VolumeRow {
  const scores = slices.flatMap((path) => (path === null ? [] : (scored.get(path)?.score ?? [])));
  let best = { value: Number.NEGATIVE_INFINITY, i: 0, k: 0 };
  let above = 0;
  for (const [k, map] of maps.entries()) {
    for (const [i, value] of (map ?? []).entries()) {
      if (value > best.value) best = { value, i, k };
      if (threshold !== null && value >= threshold) above++;
    }
  }
  const voxel = spacings(volume.affine).reduce((product, mm) => product * mm, 1);
  const place = apply(volume.affine, best.i % volume.shape[0], Math.floor(best.i / volume.shape[0]), best.k);
  return {
    name: volume.name,
    patient: volume.patient,
    score: scores.length > 0 ? volumeScore(scores) : Number.NEGATIVE_INFINITY,
    window: grey.text,
    slice: best.k,
    place: place.map((mm) => Number(mm.toFixed(2))),
    millilitres: threshold === null ? null : Number(((above * voxel) / 1000).toFixed(3)),
  };
}
