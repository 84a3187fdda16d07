import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { cropMap } from '../data/heat_map.ts';
import { encodeNifti } from '../nifti/write.ts';
import { onDevice } from '../run/on_device.ts';
import { apply, spacings } from '../volume/geometry.ts';
import { smoothedSlices, volumeScore } from '../volume/stack.ts';
import { isVolumePath, type VolumeToScore, volumesToScore } from '../volume/to_score.ts';
import { unframedMap } from './pictures.ts';
import { type Predictions, type PredictRequest, predictImages, predictTrained } from './predict.ts';
import type { RunContext } from './run_context.ts';
import type { ScoredImage } from './scoring.ts';
import { TrainedDetector } from './trained.ts';

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

/** Scores of slices, and of volumes where there are some. */
export interface PredictedPaths {
  readonly predictions: Predictions;
  readonly volumes: readonly VolumeRow[];
}

/**
 * As `predictImages`, for DICOM series and NIfTI volumes too: their slices are images, by the window and plane of the run. With `out` each
 * volume gets its map on its own grid, smoothed from slice to slice, as `volumes/NAME.nii.gz`, and `volumes.json` all scores.
 * @throws FusionclipError as `predictImages` and `volumesToScore`
 */
export async function predictPaths(context: RunContext, request: PredictRequest): Promise<PredictedPaths> {
  const kinds = await Promise.all(request.paths.map((path) => isVolumePath(context.fs, path)));
  if (!kinds.includes(true)) return { predictions: await predictImages(context, request), volumes: [] };
  const pictures = request.paths.filter((_, i) => !kinds[i]);
  const own = await predictVolumes(context, { ...request, paths: request.paths.filter((_, i) => kinds[i]) });
  if (pictures.length > 0) {
    context.onEvent?.({ type: 'note', text: `left out, beside volumes: ${pictures.length} paths of pictures` });
  }
  return own;
}

async function predictVolumes(context: RunContext, request: PredictRequest): Promise<PredictedPaths> {
  return onDevice(context, async (working) => {
    const trained = await TrainedDetector.open(working, request);
    try {
      const { header, thresholds } = trained.file;
      const { fs, volumes } = await volumesToScore(working.fs, request.paths, header.train, header.object);
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
        if (request.out !== null) await writeMap(working.fs, request.out, one, maps);
        found.push(rowOf(one, scored, maps, thresholds.pixel?.value ?? null));
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

/** Of slices without a map: the lowest value of the others. */
async function writeMap(
  fs: FileSystem,
  out: string,
  { volume, file }: VolumeToScore,
  maps: readonly (Float32Array | null)[],
): Promise<void> {
  const { shape, affine } = volume;
  const size = shape[0] * shape[1];
  let low = Number.POSITIVE_INFINITY;
  for (const map of maps) for (const value of map ?? []) low = Math.min(low, value);
  const data = new Float32Array(size * shape[2]).fill(Number.isFinite(low) ? low : 0);
  for (const [k, map] of maps.entries()) if (map) data.set(map, k * size);
  await fs.writeFile(joinPath(out, 'volumes', `${file}.nii.gz`), encodeNifti({ shape, affine, data }));
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
