import { Turns } from '../base/steps.ts';
import { auroc } from './auroc.ts';
import { averagePrecision } from './average_precision.ts';
import type { Finding } from './froc.ts';
import { Regions } from './regions.ts';
import { ScoreCounts } from './score_counts.ts';

/** A volume whose voxels have scores, slice by slice. */
export interface ScoredVolume {
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  /** Slices that play no part: they have no scores, and no lesions. */
  readonly missing?: ReadonlySet<number>;
  /** Scores [rows, columns] of slice `k`. */
  readonly map: (k: number) => Float32Array;
  /** Not 0 on a lesion; null: nothing is lesion. */
  readonly lesions: ((k: number) => Promise<Uint8Array>) | null;
}

/** What the voxels of a volume say. */
export interface VoxelResult {
  readonly counts: ScoreCounts;
  /** Lesion voxels, voxels at or above the threshold, and those that are both; of the last two null without a threshold. */
  readonly lesion: number;
  readonly predicted: number | null;
  readonly both: number | null;
  /** Connected regions at or above the threshold, lesions numbered from 0; empty without a threshold. */
  readonly findings: readonly Finding[];
}

/** The metrics of one volume; NaN where it has no lesion. */
export function voxelMetrics({ counts }: VoxelResult): { auroc: number; averagePrecision: number; aupro: number } {
  const ranked = counts.positives > 0;
  return {
    auroc: auroc(counts),
    averagePrecision: ranked ? averagePrecision(counts) : Number.NaN,
    aupro: counts.aupro(),
  };
}

/** 2 |A ∩ B| / (|A| + |B|); 1 where nothing is lesion and nothing is predicted, null without a threshold. */
export function voxelDice({
  lesion,
  predicted,
  both,
}: Pick<VoxelResult, 'lesion' | 'predicted' | 'both'>): number | null {
  if (predicted === null || both === null) return null;
  return lesion + predicted === 0 ? 1 : (2 * both) / (lesion + predicted);
}

/**
 * Looks at all voxels of a volume, twice at its lesions and once at its scores; of the volume a few slices are held, and the places
 * of the lesion voxels.
 * @param threshold voxels at or above it are predicted
 * @param signal is heard between slices
 * @throws FusionclipError `not_finite` for a NaN, and what `lesions` throws; what the signal was fired with
 */
export async function voxelResult(
  volume: ScoredVolume,
  threshold: number | null,
  signal?: AbortSignal,
): Promise<VoxelResult> {
  const [width, height, depth] = volume.shape;
  const turns = new Turns(signal);
  const truth = await lesionsOf(volume, turns);
  const counts = new ScoreCounts();
  counts.lesions = truth.sizes.length;
  const regions = new Regions(width, height);
  const peaks: { confidence: number; lesion: number | null }[] = [];
  let [predicted, both] = [0, 0];
  for (let k = 0; k < depth; k++) {
    if (turns.due) await turns.take();
    if (volume.missing?.has(k)) {
      regions.add(new Uint8Array(width * height));
      continue;
    }
    const map = volume.map(k);
    const own = truth.slices[k];
    const inside = new Uint8Array(map.length);
    let next = 0;
    for (let i = 0; i < map.length; i++) {
      const isLesion = own !== null && own.places[next] === i;
      if (isLesion) counts.addLesion(map[i], 1 / truth.sizes[own.lesions[next++]]);
      else counts.addNormal(map[i]);
      if (threshold === null || !(map[i] >= threshold)) continue;
      inside[i] = 1;
      predicted++;
      if (isLesion) both++;
    }
    if (threshold === null) continue;
    const labels = regions.add(inside);
    next = 0;
    for (let i = 0; i < map.length; i++) {
      const isLesion = own !== null && own.places[next] === i;
      const lesion = isLesion ? own.lesions[next++] : null;
      if (labels[i] === 0) continue;
      const peak = peaks[labels[i]];
      if (!peak || map[i] > peak.confidence) peaks[labels[i]] = { confidence: map[i], lesion };
    }
  }
  return {
    counts,
    lesion: counts.positives,
    predicted: threshold === null ? null : predicted,
    both: threshold === null ? null : both,
    findings: highest(regions, peaks),
  };
}

/** Of each region the highest voxel; of equal ones the first. */
function highest(regions: Regions, peaks: readonly (Finding | undefined)[]): Finding[] {
  const out = new Map<number, Finding>();
  for (let label = 1; label <= regions.last; label++) {
    const peak = peaks[label];
    if (!peak) continue;
    const root = regions.root(label);
    const known = out.get(root);
    if (!known || peak.confidence > known.confidence) out.set(root, peak);
  }
  return [...out.values()];
}

/** Where the lesions of a volume are. */
interface Truth {
  /** Of slices with lesions: places in ascending order, and the lesion of each. */
  readonly slices: readonly ({ readonly places: Int32Array; readonly lesions: Int32Array } | null)[];
  /** Voxels of each lesion. */
  readonly sizes: readonly number[];
}

async function lesionsOf({ shape, lesions }: ScoredVolume, turns: Turns): Promise<Truth> {
  const [width, height, depth] = shape;
  if (!lesions) return { slices: new Array(depth).fill(null), sizes: [] };
  const regions = new Regions(width, height);
  const slices: ({ places: Int32Array; lesions: Int32Array } | null)[] = [];
  for (let k = 0; k < depth; k++) {
    if (turns.due) await turns.take();
    const labels = regions.add(await lesions(k));
    const places: number[] = [];
    for (let i = 0; i < labels.length; i++) if (labels[i] > 0) places.push(i);
    slices.push(
      places.length === 0
        ? null
        : { places: Int32Array.from(places), lesions: Int32Array.from(places, (place) => labels[place]) },
    );
  }
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  for (const slice of slices) {
    if (!slice) continue;
    for (let i = 0; i < slice.lesions.length; i++) {
      const root = regions.root(slice.lesions[i]);
      const known = numbers.get(root) ?? numbers.size;
      numbers.set(root, known);
      sizes[known] = (sizes[known] ?? 0) + 1;
      slice.lesions[i] = known;
    }
  }
  return { slices, sizes };
}
