import { type Froc, froc } from '../metrics/froc.ts';
import { ScoreCounts } from '../metrics/score_counts.ts';
import { voxelDice, voxelMetrics, voxelResult } from '../metrics/voxels.ts';
import { type RunListener, stage } from '../run/events.ts';
import type { TrainOptions } from '../run/options.ts';
import type { RunConfig } from '../run/run_config.ts';
import { voxelMillilitres } from '../volume/geometry.ts';
import type { GridMaps } from '../volume/grid_maps.ts';
import type { SlicedVolume } from '../volume/sliced_volume.ts';
import { type StoredRule, storedRule, type VolumeRule, volumeScore } from '../volume/stack.ts';
import { samplingRequest } from './evaluation.ts';
import type { Normalisation } from './pictures.ts';
import type { ScoredImage, ScoredSet } from './scoring.ts';
import type { Thresholds } from './set_metrics.ts';
import { sliceMaps } from './slice_maps.ts';
import { brightScores, highestOf, type Unit, type UnitMetrics, unitMetrics } from './unit_metrics.ts';

/** What is found of a volume with a known truth. */
export interface VolumeResult {
  readonly name: string;
  readonly patient: string;
  readonly abnormal: boolean;
  readonly score: number;
  /** Slices that were scored, in all planes. */
  readonly slices: number;
  /** Volume of its lesions, and of what is at or above the pixel threshold (null without one). */
  readonly lesionMillilitres: number;
  readonly millilitres: number | null;
  /** Null where the maps are not evaluated, or without a threshold; NaN where they are undefined. */
  readonly dice: number | null;
  readonly averagePrecision: number | null;
  readonly aupro: number | null;
  /** Lesions, how many of them were found, and regions at or above the threshold whose highest voxel is in none. */
  readonly lesions: number;
  readonly found: number | null;
  readonly falsePositives: number | null;
}

/** A patient by the highest of their volumes. */
export interface PatientResult extends Pick<VolumeResult, 'patient' | 'abnormal' | 'score' | 'lesions'> {
  readonly volumes: number;
  readonly found: number | null;
  readonly falsePositives: number | null;
  /** Mean of the volumes with lesions; NaN without any. */
  readonly dice: number | null;
  /** Whether the score is at or above the image threshold; null without one. */
  readonly predicted: boolean | null;
}

/** The voxels of all volumes, on the grids that they are stored in. */
export interface VoxelSummary {
  /** Of all voxels together. */
  readonly auroc: number;
  readonly averagePrecision: number;
  readonly aupro: number;
  readonly dice: number | null;
  /** Means of the volumes with lesions. */
  readonly mean: { readonly averagePrecision: number; readonly aupro: number; readonly dice: number | null };
}

/** Metrics of a test set of volumes. */
export interface VolumeMetrics {
  /** How slices became volumes, and volumes patients. */
  readonly rule: StoredRule;
  readonly volumes: UnitMetrics;
  readonly patients: UnitMetrics;
  /** Null where the maps are not evaluated. */
  readonly voxels: VoxelSummary | null;
  /** Null without a pixel threshold. */
  readonly froc: Froc | null;
  readonly byVolume: readonly VolumeResult[];
  readonly byPatient: readonly PatientResult[];
}

/** What volumes are evaluated with. */
export interface VolumeRequest {
  readonly volumes: readonly SlicedVolume[];
  readonly images: readonly ScoredImage[];
  readonly rule: VolumeRule;
  /** Every how many slices one was scored; by default all were. */
  readonly stride?: number;
  readonly norm: Normalisation;
  /** Whether the maps mean something. */
  readonly maps: boolean;
  readonly thresholds: { readonly [K in keyof Thresholds]: { readonly value: number } | null };
  readonly patientOf: ((id: string) => string | null) | null;
  readonly seed: number;
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
  /** Gets each volume with its map on the grid that it is stored in. */
  readonly onMaps?: (volume: SlicedVolume, maps: GridMaps) => Promise<void>;
}

/** The request of a run for volumes of its data set. */
export function volumeRequest(
  { train, fusion, kind }: Pick<RunConfig, 'fusion' | 'kind'> & { readonly train: VolumeSettings },
  volumes: readonly SlicedVolume[],
  { images }: ScoredSet,
  thresholds: VolumeRequest['thresholds'],
  onEvent: RunListener,
): VolumeRequest {
  return {
    volumes,
    images,
    rule: volumeRule(train),
    norm: fusion.norm,
    maps: kind === 'pixel',
    thresholds,
    ...samplingRequest(train),
    onProgress: stage(onEvent, 'volumes'),
  };
}

/** What of a run's settings concerns volumes. */
type VolumeSettings = Pick<TrainOptions, 'volume.top' | 'volume.smooth' | 'group' | 'seed'>;

/** How a run makes volumes of slices. */
export function volumeRule(train: Pick<VolumeSettings, 'volume.top' | 'volume.smooth'>): VolumeRule {
  return { top: train['volume.top'], smooth: train['volume.smooth'] };
}

/**
 * Evaluates volumes by the scores and maps of their slices. One volume is looked at after the other; of its voxels a few slices are
 * held. Volumes without a scored slice (those of the other split, and empty ones) play no part.
 * @throws FusionclipError what the masks throw; what the signal was fired with
 */
export async function volumeMetrics(request: VolumeRequest): Promise<VolumeMetrics> {
  const { volumes, images, rule, stride, thresholds, seed, onProgress } = request;
  const scored = new Map(images.map((image) => [image.id, image]));
  const own = volumes.filter(({ stacks }) => stacks.some(({ slices }) => slices.some((id) => id && scored.has(id))));
  const total = new ScoreCounts();
  const sums = { predicted: 0, both: 0 };
  const findings: { confidence: number; lesion: number | null }[] = [];
  const rows: VolumeResult[] = [];
  const units: Unit[] = [];
  for (const [i, volume] of own.entries()) {
    onProgress?.(i, own.length);
    const found = await oneVolume(volume, scored, request, total.lesions);
    if (found.counts) total.addAll(found.counts);
    sums.predicted += found.predicted ?? 0;
    sums.both += found.both ?? 0;
    findings.push(...found.findings);
    rows.push(found.row);
    units.push(found.unit);
  }
  const threshold = thresholds.image?.value ?? null;
  const patients = [...new Set(units.map(({ patient }) => patient))];
  const people = patients.map((patient) => highestOf(units.filter((unit) => unit.patient === patient)));
  const predicted = thresholds.pixel ? sums : { predicted: null, both: null };
  return {
    rule: storedRule(rule, stride),
    volumes: unitMetrics(units, threshold, seed),
    patients: unitMetrics(people, threshold, seed),
    voxels: request.maps
      ? {
          ...voxelMetrics({ counts: total, lesion: total.positives, predicted: null, both: null, findings: [] }),
          dice: voxelDice({ lesion: total.positives, ...predicted }),
          mean: meansOf(rows),
        }
      : null,
    froc: request.maps && thresholds.pixel ? froc(findings, total.lesions, own.length) : null,
    byVolume: rows,
    byPatient: people.map((one) => patientRow(one, rows, threshold)),
  };
}

async function oneVolume(
  volume: SlicedVolume,
  scored: ReadonlyMap<string, ScoredImage>,
  { rule, stride = 1, norm, maps, thresholds, patientOf, onMaps, signal }: VolumeRequest,
  firstLesion: number,
) {
  const { shape, missing, affine, stacks, lesions } = volume;
  const ids = stacks.flatMap(({ slices }) => slices.filter((id) => id !== null && scored.has(id)) as string[]);
  const images = ids.map((id) => scored.get(id)!);
  const patient = patientOf?.(ids[0]) ?? volume.patient;
  // What is abnormal in it may lie on slices that were passed over.
  const abnormal = volume.abnormal > 0 || images.some(({ label }) => label === 1);
  const score = volumeScore(
    images.map((image) => image.score),
    rule.top,
  );
  const bright = brightScores(images, rule.top);
  const unit: Unit = { patient, abnormal, score, bright };
  const { name } = volume;
  const base = { name, patient, abnormal, score, slices: images.length };
  const grid = maps || onMaps ? sliceMaps(volume, stacks, scored, { norm, stride, smooth: rule.smooth }) : null;
  if (grid) await onMaps?.(volume, grid);
  if (!maps || !grid) {
    const row: VolumeResult = {
      ...{ ...base, lesionMillilitres: Number.NaN, millilitres: null, dice: null, averagePrecision: null },
      ...{ aupro: null, lesions: 0, found: null, falsePositives: null },
    };
    return { row, unit, counts: null, predicted: null, both: null, findings: [] };
  }
  const result = await voxelResult(
    { shape, missing, map: (k) => grid.slice(k), lesions },
    thresholds.pixel?.value ?? null,
    signal,
  );
  const millilitre = voxelMillilitres(affine);
  const { averagePrecision, aupro } = voxelMetrics(result);
  const found = new Set(result.findings.flatMap(({ lesion }) => lesion ?? []));
  const known = thresholds.pixel !== null;
  const row: VolumeResult = {
    ...base,
    lesionMillilitres: result.lesion * millilitre,
    millilitres: result.predicted === null ? null : result.predicted * millilitre,
    dice: voxelDice(result),
    averagePrecision,
    aupro,
    lesions: result.counts.lesions,
    found: known ? found.size : null,
    falsePositives: known ? result.findings.filter(({ lesion }) => lesion === null).length : null,
  };
  const findings = result.findings.map((one) => ({
    ...one,
    lesion: one.lesion === null ? null : one.lesion + firstLesion,
  }));
  return { row, unit, counts: result.counts, predicted: result.predicted, both: result.both, findings };
}

function meansOf(rows: readonly VolumeResult[]): VoxelSummary['mean'] {
  const sick = rows.filter(({ lesions }) => lesions > 0);
  const mean = (of: (row: VolumeResult) => number | null) =>
    sick.reduce((sum, row) => sum + (of(row) ?? Number.NaN), 0) / sick.length;
  const dice = mean((row) => row.dice);
  return {
    averagePrecision: mean((row) => row.averagePrecision),
    aupro: mean((row) => row.aupro),
    dice: sick.length > 0 && sick[0].dice === null ? null : dice,
  };
}

function patientRow(unit: Unit, rows: readonly VolumeResult[], threshold: number | null): PatientResult {
  const { patient, abnormal, score } = unit;
  const own = rows.filter((row) => row.patient === patient);
  const sum = (of: (row: VolumeResult) => number | null) =>
    own.some((row) => of(row) === null) ? null : own.reduce((total, row) => total + (of(row) ?? 0), 0);
  return {
    ...{ patient, abnormal, score, volumes: own.length },
    predicted: threshold === null ? null : score >= threshold,
    lesions: sum(({ lesions }) => lesions) ?? 0,
    found: sum(({ found }) => found),
    falsePositives: sum(({ falsePositives }) => falsePositives),
    dice: meansOf(own).dice,
  };
}
