import {
  auroc,
  averagePrecision,
  bootstrap,
  type ClassScores,
  type Interval,
  precisionRecallCurve,
  rankScores,
  rocCurve,
} from '../train/index.ts';
import type { Prediction } from './read_run.ts';

/** A point of a curve. */
export type Point = readonly [x: number, y: number];

/** A curve, the 95 % band around it, and its summary with an interval. */
export interface BandedCurve {
  readonly points: readonly Point[];
  /** x, lower and upper y. */
  readonly band: readonly (readonly [number, number, number])[];
  readonly value: number;
  readonly interval: Interval;
}

/** ROC and precision–recall curve of image scores; null when a class is absent. */
export interface ImageCurves {
  readonly roc: BandedCurve;
  readonly precisionRecall: BandedCurve;
}

/** Places along x at which bands are drawn. */
const GRID = Array.from({ length: 41 }, (_, i) => i / 40);

/** Both curves, with bands from images drawn with replacement. @param seed of the draws */
export function imageCurves(predictions: readonly Prediction[], seed: number): ImageCurves | null {
  const scores: ClassScores = {
    normal: predictions.filter(({ label }) => label === 0).map(({ score }) => score),
    abnormal: predictions.filter(({ label }) => label === 1).map(({ score }) => score),
  };
  if (scores.normal.length === 0 || scores.abnormal.length === 0) return null;
  const curve = (pointsOf: (ranking: Ranking) => Point[], areaOf: (ranking: Ranking) => number): BandedCurve => {
    const intervals = bootstrap(
      scores,
      (drawn) => {
        const ranking = rankingOf(drawn);
        const points = pointsOf(ranking);
        return [areaOf(ranking), ...GRID.map((x) => heightAt(points, x))];
      },
      seed,
    );
    const ranking = rankingOf(scores);
    const [interval, ...band] = intervals;
    return {
      points: pointsOf(ranking),
      band: GRID.map((x, i) => [x, band[i].low, band[i].high] as const),
      value: areaOf(ranking),
      interval,
    };
  };
  return {
    roc: curve((ranking) => rocCurve(ranking).map((p) => [p.falsePositiveRate, p.truePositiveRate] as const), auroc),
    precisionRecall: curve(precisionPoints, averagePrecision),
  };
}

type Ranking = ReturnType<typeof rankScores>;

function rankingOf({ normal, abnormal }: ClassScores): Ranking {
  const labels = [...normal.map(() => 0), ...abnormal.map(() => 1)];
  return rankScores(labels, [...normal, ...abnormal]);
}

/** The curve begins at recall 0 with the precision of its first point. */
function precisionPoints(ranking: Ranking): Point[] {
  const points = precisionRecallCurve(ranking).map((p) => [p.recall, p.precision] as const);
  return [[0, points[0][1]], ...points];
}

/** Height of a curve at x: of several points there the last, between points along the line. */
function heightAt(points: readonly Point[], x: number): number {
  const after = points.findIndex((point) => point[0] > x);
  if (after < 0) return points[points.length - 1][1];
  if (after === 0) return points[0][1];
  const [[x0, y0], [x1, y1]] = [points[after - 1], points[after]];
  return y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
