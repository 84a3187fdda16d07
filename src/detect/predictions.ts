import { csvText } from '../base/csv.ts';
import { rangeOf } from '../data/heat_map.ts';
import { type RowDecision, UNDECIDED } from './decider.ts';
import type { ScoredImage, ScoredSet } from './scoring.ts';

/** The thresholds that rows go by. */
export interface UsedThresholds {
  readonly image: { readonly value: number } | null;
  readonly pixel: { readonly value: number } | null;
}

/** Scores of one image as they go into `predictions.csv` and `predictions.json`. */
export interface PredictionRow extends RowDecision {
  readonly id: string;
  readonly label: 0 | 1 | null;
  readonly score: number;
  /** Whether the score reaches the image threshold; null when there is none. */
  readonly abnormal: boolean | null;
  /** The image threshold that it was compared with. */
  readonly threshold: number | null;
  readonly scoreMax: number;
  readonly scoreMean: number;
  /** Extremes of the map, which a 16-bit PNG is scaled by. */
  readonly mapLow: number;
  readonly mapHigh: number;
  /** Share of the pixels that reach the pixel threshold; null when there is none. */
  readonly abnormalShare: number | null;
}

/** The row of an image. */
export function predictionRow(
  { id, label, score, scoreMax, scoreMean, map }: ScoredImage,
  { image, pixel }: UsedThresholds,
  decision: RowDecision = UNDECIDED,
): PredictionRow {
  const [mapLow, mapHigh] = rangeOf(map);
  const above = pixel ? map.reduce((n, value) => n + (value >= pixel.value ? 1 : 0), 0) / map.length : null;
  const abnormal = image && score >= image.value;
  return {
    ...{ id, label, score, abnormal, threshold: image?.value ?? null, scoreMax, scoreMean, mapLow, mapHigh },
    ...{ abnormalShare: above, ...decision },
  };
}

/** One row per image, in the order of the set. @param decisions in the same order; none without a calibration */
export function predictionRows(
  { images }: ScoredSet,
  thresholds: UsedThresholds,
  decisions: readonly RowDecision[] = [],
): PredictionRow[] {
  return images.map((image, i) => predictionRow(image, thresholds, decisions[i]));
}

/** The row of an image file, which nobody has labelled. */
export interface FileRow extends PredictionRow {
  /** Says so where the run is no better than chance, and where the image is one that its weights were made of. */
  readonly warning: string | null;
  /** Path of the heat map; null where none was written. */
  readonly map: string | null;
  /** Why the image could not be scored; null where it was: then scores are NaN. */
  readonly error: string | null;
}

/** The row of an image that could not be read. */
export function badRow(id: string, { message }: Error): FileRow {
  const none = { label: null, abnormal: null, abnormalShare: null, threshold: null, warning: null, map: null };
  const scores = { score: Number.NaN, scoreMax: Number.NaN, scoreMean: Number.NaN };
  return { id, ...none, ...scores, mapLow: Number.NaN, mapHigh: Number.NaN, ...UNDECIDED, error: message };
}

const COLUMNS = [
  ...['id', 'label', 'score', 'abnormal', 'scoreMax', 'scoreMean', 'mapLow', 'mapHigh'],
  ...['abnormalShare', 'decision', 'pValue', 'adjusted', 'probability', 'markedShare', 'covered', 'threshold'],
] as readonly (keyof PredictionRow)[];

/** Columns of rows of files. */
export const FILE_COLUMNS: readonly (keyof FileRow)[] = [...COLUMNS, 'warning', 'map', 'error'];

/** Rows as CSV; what is not known is empty. @param head whether a line with the names of the columns goes first */
export function toCsv<R extends PredictionRow>(
  rows: readonly R[],
  columns: readonly (keyof R & string)[] = COLUMNS,
  head = true,
): string {
  return rowsCsv(rows, columns, head);
}

/** Rows of any kind as CSV; see {@link toCsv}. */
export function rowsCsv<R extends object>(
  rows: readonly R[],
  columns: readonly (keyof R & string)[],
  head = true,
): string {
  const cell = (value: unknown) => {
    if (value === null || Number.isNaN(value)) return '';
    return typeof value === 'boolean' ? String(Number(value)) : String(value);
  };
  const lines = rows.map((row) => columns.map((name) => cell(row[name])));
  return csvText(head ? [columns, ...lines] : lines);
}
