import { allSteps, type Steps } from '../base/steps.ts';
import { auroc } from '../metrics/auroc.ts';
import { averagePrecision } from '../metrics/average_precision.ts';
import { bootstrapInSteps, byPatient, type ClassScores, type Interval } from '../metrics/bootstrap.ts';
import { shareInterval } from '../metrics/exact.ts';
import { precisionRecallCurve } from '../metrics/precision_recall.ts';
import { type Ranking, rankScores } from '../metrics/ranking.ts';
import { rocCurve } from '../metrics/roc.ts';
import type { Prediction } from './prediction.ts';

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** The 95 % interval of a curve's height at one place. */
export interface BandPoint extends Interval {
  readonly x: number;
  /** Height of the curve itself. */
  readonly y: number;
}

/** A curve, the 95 % band around it, and its summary with an interval. */
export interface BandedCurve {
  readonly points: readonly Point[];
  readonly band: readonly BandPoint[];
  readonly value: number;
  readonly interval: Interval;
}

/** ROC and precision–recall curve of image scores. */
export interface ImageCurves {
  readonly roc: BandedCurve;
  /** In steps: the precision at the threshold that first reaches a recall, so its area is the average precision. */
  readonly precisionRecall: BandedCurve;
  /** Whether the interval of the AUROC is exact, since the draws do not differ. */
  readonly exact: boolean;
  /** Times that images were drawn for the bands. */
  readonly draws: number;
  /** What was drawn: patients with all their images, or images. */
  readonly drawn: 'images' | 'patients';
}

/** Places along x at which bands are drawn. */
const GRID = Array.from({ length: 101 }, (_, i) => i / 100);
const DRAWS = 500;

/**
 * Both curves, with bands from images or patients drawn with replacement; null when a class is absent.
 * @param seed of the draws
 * @param patientOf whom an image is of, by its id; null draws images
 */
export function imageCurves(
  predictions: readonly Prediction[],
  seed: number,
  patientOf: ((id: string) => string | null) | null = null,
): ImageCurves | null {
  return allSteps(imageCurvesInSteps(predictions, seed, patientOf));
}

/** {@link imageCurves} in steps of a draw. */
export function* imageCurvesInSteps(
  predictions: readonly Prediction[],
  seed: number,
  patientOf: ((id: string) => string | null) | null,
): Steps<ImageCurves | null> {
  const scores: ClassScores = {
    normal: predictions.filter(({ label }) => label === 0).map(({ score }) => score),
    abnormal: predictions.filter(({ label }) => label === 1).map(({ score }) => score),
  };
  if (scores.normal.length === 0 || scores.abnormal.length === 0) return null;
  const statistic = (drawn: ClassScores): number[] => {
    const ranking = rankingOf(drawn);
    const roc = heights(rocPoints(ranking), 'line');
    const steps = heights(precisionPoints(ranking), 'steps');
    return [auroc(ranking), averagePrecision(ranking), ...roc, ...steps];
  };
  const own = statistic(scores);
  const patients = byPatient(predictions, patientOf);
  const intervals = yield* bootstrapInSteps(patients, statistic, { seed, draws: DRAWS });
  // Where the classes do not overlap, no draw differs from another.
  const exact = own[0] === 0 || own[0] === 1;
  if (exact) {
    const pairs = Math.min(
      patients.filter(({ normal }) => normal.length > 0).length,
      patients.filter(({ abnormal }) => abnormal.length > 0).length,
    );
    intervals[0] = shareInterval(own[0] * pairs, pairs);
  }
  const ranking = rankingOf(scores);
  const band = (from: number) => GRID.map((x, i) => ({ x, y: own[from + i], ...intervals[from + i] }));
  return {
    roc: { points: rocPoints(ranking), band: band(2), value: own[0], interval: intervals[0] },
    precisionRecall: {
      points: precisionPoints(ranking),
      band: band(2 + GRID.length),
      value: own[1],
      interval: intervals[1],
    },
    exact,
    draws: DRAWS,
    drawn: patientOf ? 'patients' : 'images',
  };
}

function rankingOf({ normal, abnormal }: ClassScores): Ranking {
  const labels = [...normal.map(() => 0), ...abnormal.map(() => 1)];
  return rankScores(labels, [...normal, ...abnormal]);
}

function rocPoints(ranking: Ranking): Point[] {
  return rocCurve(ranking).map(({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate]);
}

/** The points that have found something, and before them recall 0 at the precision of the first. */
function precisionPoints(ranking: Ranking): Point[] {
  const points = precisionRecallCurve(ranking)
    .filter(({ recall }) => recall > 0)
    .map(({ recall, precision }): Point => [recall, precision]);
  return [[0, points[0][1]], ...points];
}

/**
 * Heights of a curve at the places of the grid.
 * @param kind `line`: of several points at one place the last, straight lines between places; `steps`: the first point
 * that reaches the place
 */
function heights(points: readonly Point[], kind: 'line' | 'steps'): number[] {
  let at = 0;
  return GRID.map((x) => {
    const passed = kind === 'line' ? (p: Point) => p[0] <= x : (p: Point) => p[0] < x;
    while (at < points.length - 1 && passed(points[at])) at++;
    const [x1, y1] = points[at];
    if (kind === 'steps' || at === 0 || x1 <= x) return y1;
    const [x0, y0] = points[at - 1];
    return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  });
}
