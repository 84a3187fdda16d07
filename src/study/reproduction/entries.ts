import type { SetMetrics } from '../../detect/set_metrics.ts';
import { intensityBaselines } from '../../metrics/intensity_baseline.ts';
import type { PixelMetrics, RankingMetrics } from '../../metrics/summary.ts';
import type { StudyOutcome } from '../run_study.ts';
import { studyRunPath } from '../study_run.ts';
import { type Spread, spreadOf } from '../summary.ts';
import { paperValue } from './paper.ts';
import { type Metric, type PaperItem, setsWith } from './paper_items.ts';
import { type PlanRequest, runsOf, whySkipped } from './plan.ts';
import type { StudyRow } from './rows.ts';
import type { StudySet } from './sets.ts';

/** One number of a table or figure, in percent. */
export interface Entry {
  /** E.g. `Table 1`. */
  readonly item: string;
  readonly metric: Metric;
  readonly set: string;
  readonly row: string;
  readonly shots: number;
  /** What is published, or null. */
  readonly paper: number | null;
  /** Over seeds; null where no run was finished. */
  readonly ours: Spread | null;
  /** Ours − paper. */
  readonly difference: number | null;
  /** How epochs were chosen, e.g. `valid`; null for what no run stands for. */
  readonly selectedBy: string | null;
  /** Why runs are missing: a sentence for each reason. */
  readonly missing: readonly string[];
}

/** Of runs that are neither finished nor failed. */
const NOT_RUN = 'Not run yet: the reproduction was stopped before.';

/** All numbers of some items, in their order. */
export function entriesOf(request: PlanRequest, items: readonly PaperItem[], outcome: StudyOutcome): Entry[] {
  const finished = new Map(outcome.finished.map(({ run, results }) => [studyRunPath(run), results]));
  const failed = new Map(outcome.failed.map(({ run, reason }) => [studyRunPath(run), reason]));
  const missingOf = (path: string) => (finished.has(path) ? [] : [failed.get(path) ?? NOT_RUN]);
  const entryOf = (item: PaperItem, metric: Metric, set: StudySet, row: StudyRow, shots: number): Entry => {
    const skipped = whySkipped(row, request);
    const runs = skipped ? [] : runsOf(request, row, set, shots).map(studyRunPath);
    const results = runs.flatMap((path) => finished.get(path) ?? []);
    const values = percents(results.map(({ selected }) => metricOf(selected, metric)));
    const ours = values.length > 0 ? spreadOf(values) : null;
    const paper = paperValue(row.paper, metric, set.name, shots);
    const reasons = skipped ? [skipped] : runs.flatMap(missingOf);
    return {
      item: item.name,
      metric,
      set: set.name,
      row: row.name,
      shots,
      paper,
      ours,
      difference: ours && paper !== null ? ours.mean - paper : null,
      selectedBy: results[0]?.selectedBy ?? null,
      missing: [...new Set(reasons)],
    };
  };
  return items.flatMap((item) =>
    item.metrics.flatMap((metric) =>
      setsWith(item, metric).flatMap((set) => [
        ...item.rows.flatMap((row) => item.shots.map((shots) => entryOf(item, metric, set, row, shots))),
        ...(item.kind === 'table' ? intensityEntries(item, metric, set, outcome) : []),
      ]),
    ),
  );
}

/** What brightness alone reaches on a set, as any of its runs has found: all have the same test images. */
function intensityEntries({ name, shots }: PaperItem, metric: Metric, set: StudySet, outcome: StudyOutcome): Entry[] {
  const own = outcome.finished.filter(({ run }) => run.set === set.name);
  const trivial = own.find(({ results }) => results.trivial)?.results.trivial;
  if (!trivial) return [];
  const shared = { item: name, metric, set: set.name, shots: shots[0] };
  const none = { paper: null, difference: null, selectedBy: null, missing: [] };
  return intensityBaselines(trivial).flatMap(({ name: row, image, pixel }) => {
    const values = percents([(image && imageValue(image, metric)) ?? pixelValue(pixel, metric)]);
    return values.length > 0 ? [{ ...shared, row, ours: spreadOf(values), ...none }] : [];
  });
}

/** A metric of weights, as a share; undefined or NaN where there is none. */
export function metricOf({ image, pixel, pixelThreshold }: SetMetrics, metric: Metric): number | undefined {
  if (metric === 'dice') return pixelThreshold?.dice;
  return imageValue(image, metric) ?? pixelValue(pixel, metric);
}

function imageValue({ auroc }: RankingMetrics, metric: Metric): number | undefined {
  return metric === 'imageAuroc' ? auroc : undefined;
}

function pixelValue(pixel: PixelMetrics | null, metric: Metric): number | undefined {
  return { pixelAuroc: pixel?.auroc, aupro: pixel?.aupro, imageAuroc: undefined, dice: undefined }[metric];
}

/** What is a number, in percent; a file has null where there is none. */
function percents(shares: readonly (number | null | undefined)[]): number[] {
  return shares.flatMap((share) => (typeof share === 'number' && Number.isFinite(share) ? 100 * share : []));
}
