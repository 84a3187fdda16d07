import { mean } from '../../base/average.ts';
import { VERSION } from '../../base/version.ts';
import type { DatasetKind } from '../../data/layout/dataset.ts';
import { patientOfId } from '../../data/layout/patients.ts';
import { auroc } from '../../metrics/auroc.ts';
import { bootstrapPatients, byPatient, type Interval } from '../../metrics/bootstrap.ts';
import { intensityBaselines } from '../../metrics/intensity_baseline.ts';
import { rankScores } from '../../metrics/ranking.ts';
import { metricOf } from '../reproduction/entries.ts';
import { METRIC_NAMES, type Metric } from '../reproduction/paper_items.ts';
import { type Spread, spreadOf } from '../summary.ts';
import { type ComparedGroup, type ComparedRun, experimentName, groupRuns } from './compared.ts';

/** A line of the table: one experiment over its seeds. All numbers of a comparison are percent. */
export interface ComparisonRow extends Pick<ComparedGroup, 'set' | 'name' | 'shots'> {
  readonly seeds: readonly number[];
  /** Folders of the runs, by seed. */
  readonly runs: readonly string[];
  /** Over seeds; null where there is none. */
  readonly values: Readonly<Record<Metric, Spread | null>>;
  /** 95 % of the draws of test images: the mean over seeds of the image AUROC. */
  readonly interval: Interval | null;
  readonly selectedBy: string;
}

/** What brightness alone reaches on the test images of a set. */
export interface ComparisonBaseline {
  readonly set: string;
  readonly name: string;
  readonly values: Readonly<Partial<Record<Metric, number>>>;
}

/** How much higher the image AUROC of one experiment is than that of another, on the same drawn test images. */
export interface Difference extends Interval {
  readonly set: string;
  readonly first: Pick<ComparisonRow, 'name' | 'shots'>;
  readonly second: Pick<ComparisonRow, 'name' | 'shots'>;
  /** First − second, of the means over seeds, in percentage points. */
  readonly difference: number;
}

/** Test images that experiments are compared on. */
export interface ComparedSet {
  readonly name: string;
  readonly kind: DatasetKind;
  readonly normal: number;
  readonly abnormal: number;
  /** What was drawn for the intervals: patients with all their images where they are known. */
  readonly drawn: 'images' | 'patients';
  /** How many of these there are. */
  readonly units: number;
}

/** `results.json` of a comparison. */
export interface Comparison {
  readonly fusionclip: string;
  readonly sets: readonly ComparedSet[];
  readonly rows: readonly ComparisonRow[];
  readonly baselines: readonly ComparisonBaseline[];
  readonly differences: readonly Difference[];
  /** How often test images were drawn. */
  readonly draws: number;
  /** What has to be known to read the numbers. */
  readonly warnings: readonly string[];
  /** Runs that failed, and why. */
  readonly failed: readonly { readonly run: string; readonly reason: string }[];
  /** Says so when there are more runs to come. */
  readonly partial: string | null;
}

/** How runs are compared. */
export interface ComparisonOptions extends Partial<Pick<Comparison, 'failed' | 'partial'>> {
  /** The rule for patients, as `--group` takes it; by default that of the runs. */
  readonly group?: string | null;
}

const DRAWS = 500;

/** Image AUROC of scores that know nothing, in percent. */
const CHANCE = 50;

/**
 * Compares finished runs: mean and deviation over seeds, and for experiments on the same test images the difference with an
 * interval from test images (patients, where they are known) drawn with replacement, the same ones for both.
 * @throws FusionclipError `usage` for two runs of one experiment and seed, and for a `group` that is none
 */
export function compareRuns(runs: readonly ComparedRun[], options: ComparisonOptions = {}): Comparison {
  const groups = groupRuns(runs);
  const names = [...new Set(groups.map(({ set }) => set))];
  const each = names.map((name) =>
    compareOn(
      name,
      groups.filter((group) => group.set === name),
      options.group,
    ),
  );
  return {
    fusionclip: VERSION,
    sets: each.map(({ set }) => set),
    rows: each.flatMap(({ rows }) => rows),
    baselines: each.flatMap(({ baselines }) => baselines),
    differences: each.flatMap(({ differences }) => differences),
    draws: DRAWS,
    warnings: [...new Set(each.flatMap(({ warnings }) => warnings))],
    failed: options.failed ?? [],
    partial: options.partial ?? null,
  };
}

type OnSet = Pick<Comparison, 'rows' | 'baselines' | 'differences' | 'warnings'> & { readonly set: ComparedSet };

/** The experiments on one set. */
function compareOn(name: string, groups: readonly ComparedGroup[], rule: string | null | undefined): OnSet {
  const runs = groups.flatMap((group) => group.runs);
  const [one] = runs;
  const rules = new Set(runs.map(({ header }) => header.train.group));
  const group = rule !== undefined ? rule : rules.size === 1 ? [...rules][0] : null;
  // What is drawn are places in the list of images; all runs have their score of each.
  const images = one.predictions.map(({ id, label }, score) => ({ id, label, score }));
  const units = byPatient(images, group === null ? null : patientOfId(group));
  const pairs = pairsOf(groups);
  const scores = groups.map((each) => each.runs.map((run) => scoresOf(run, images)));
  const statistic = (drawn: { readonly normal: readonly number[]; readonly abnormal: readonly number[] }) => {
    const labels = [...drawn.normal.map(() => 0), ...drawn.abnormal.map(() => 1)];
    const places = [...drawn.normal, ...drawn.abnormal];
    const means = scores.map((all) =>
      mean(
        all.map(
          (own) =>
            100 *
            auroc(
              rankScores(
                labels,
                places.map((place) => own[place]),
              ),
            ),
        ),
      ),
    );
    return [...means, ...pairs.map(([a, b]) => means[a] - means[b])];
  };
  const [normal, abnormal] = [0, 1].map((label) => images.filter((image) => image.label === label).length);
  const drawn = group === null ? ('images' as const) : ('patients' as const);
  const both = normal > 0 && abnormal > 0;
  const intervals = both ? bootstrapPatients(units, statistic, { seed: 0, draws: DRAWS }) : [];
  const place = ({ name: own, shots }: ComparedGroup) => ({ name: own, shots });
  // Draws that do not differ, as where every run tells all images apart, say nothing.
  const spread = (interval: Interval | undefined) => (interval && interval.low < interval.high ? interval : null);
  const rows = groups.map((each, i) => rowOf(each, spread(intervals[i])));
  const means = rows.map(({ values }) => values.imageAuroc?.mean ?? Number.NaN);
  const differences = pairs.flatMap(([a, b], i): Difference[] => {
    const interval = intervals[groups.length + i];
    if (!interval) return [];
    return [
      { set: name, first: place(groups[a]), second: place(groups[b]), difference: means[a] - means[b], ...interval },
    ];
  });
  const baselines = baselinesOf(name, runs);
  const patients = { rules: rules.size, given: rule !== undefined, units: units.length, drawn };
  return {
    set: { name, kind: one.results.kind, normal, abnormal, drawn, units: units.length },
    ...{ rows, baselines, differences },
    warnings: [...warningsOf(name, groups, patients), ...showNothing(name, rows, baselines)],
  };
}

/** Experiments that differ in one thing: in the number of support images (more − fewer), or in all else. */
function pairsOf(groups: readonly ComparedGroup[]): [number, number][] {
  const out: [number, number][] = [];
  for (const [i, a] of groups.entries()) {
    for (let j = i + 1; j < groups.length; j++) {
      const b = groups[j];
      if (a.shots === b.shots) out.push([i, j]);
      else if (a.name === b.name) out.push([j, i]);
    }
  }
  return out;
}

function scoresOf({ predictions }: ComparedRun, images: readonly { readonly id: string }[]): number[] {
  const own = new Map(predictions.map(({ id, score }) => [id, score]));
  return images.map(({ id }) => own.get(id)!);
}

function rowOf({ set, name, shots, runs }: ComparedGroup, interval: Interval | null): ComparisonRow {
  const over = (metric: Metric): Spread | null => {
    const values = runs.map(({ results }) => metricOf(results.selected, metric));
    const known = values.flatMap((value) => (typeof value === 'number' && Number.isFinite(value) ? 100 * value : []));
    // A mean of some of the seeds would stand beside means of all.
    return known.length === runs.length ? spreadOf(known) : null;
  };
  const metrics = Object.keys(METRIC_NAMES) as Metric[];
  return {
    ...{ set, name, shots },
    seeds: runs.map(({ header }) => header.train.seed),
    runs: runs.map(({ path }) => path),
    values: Object.fromEntries(metrics.map((metric) => [metric, over(metric)])) as ComparisonRow['values'],
    interval,
    selectedBy: [...new Set(runs.map(({ results }) => results.selectedBy))].join(', '),
  };
}

function baselinesOf(set: string, runs: readonly ComparedRun[]): ComparisonBaseline[] {
  const trivial = runs.find(({ results }) => results.trivial)?.results.trivial ?? null;
  return intensityBaselines(trivial).map(({ title, image, pixel }) => ({
    set,
    name: title,
    values: {
      ...(image && { imageAuroc: 100 * image.auroc }),
      ...(pixel && { pixelAuroc: 100 * pixel.auroc, aupro: 100 * pixel.aupro }),
    },
  }));
}

/** Fewer of them than this say little. */
const FEW = 30;

function warningsOf(
  set: string,
  groups: readonly ComparedGroup[],
  patients: { readonly rules: number; readonly given: boolean; readonly units: number; readonly drawn: string },
): string[] {
  const { predictions } = groups[0].runs[0];
  const seeds = new Set(groups.map(({ runs }) => runs.map(({ header }) => header.train.seed).join()));
  const lone = groups.every(({ runs }) => runs.length === 1);
  const oracle = groups.some(({ runs }) => runs.some(({ results }) => results.selectedBy === 'test-oracle'));
  const missing = new Set(predictions.map(({ label }) => label)).size < 2;
  return [
    ...(missing ? [`The test images of ${set} lack a class, so no AUROC can be said.`] : []),
    ...(oracle ? ['Runs marked test-oracle chose their epoch on the test labels: an upper bound and no result.'] : []),
    ...(lone ? [`On ${set} each experiment has one seed, so nothing is known of the spread.`] : []),
    ...(!lone && seeds.size > 1 ? [`On ${set} the experiments have different seeds.`] : []),
    ...(patients.rules > 1 && !patients.given
      ? [`The runs on ${set} have different rules for patients, so images were drawn; --group gives one.`]
      : []),
    ...(patients.units < FEW
      ? [`On ${set} there are only ${patients.units} ${patients.drawn} to draw, so intervals are rough.`]
      : []),
  ];
}

/** Experiments that have shown nothing: brightness does as well, or chance lies in their interval. */
function showNothing(set: string, rows: readonly ComparisonRow[], baselines: readonly ComparisonBaseline[]): string[] {
  const named = (some: readonly ComparisonRow[]) => some.map(experimentName).join('; ');
  const [brightest] = baselines
    .flatMap(({ name, values: { imageAuroc } }) => (imageAuroc === undefined ? [] : [{ name, imageAuroc }]))
    .sort((a, b) => b.imageAuroc - a.imageAuroc);
  const below = rows.filter(({ values }) => values.imageAuroc && values.imageAuroc.mean <= brightest?.imageAuroc);
  const atChance = rows.filter(({ interval }) => interval && interval.low <= CHANCE);
  return [
    ...(below.length > 0
      ? [
          `On ${set} brightness alone (${brightest.name}) reaches an image AUROC of ${brightest.imageAuroc.toFixed(2)}, no less than ${named(below)}.`,
        ]
      : []),
    ...(atChance.length > 0 ? [`On ${set} chance (${CHANCE}) lies in the interval of ${named(atChance)}.`] : []),
  ];
}
