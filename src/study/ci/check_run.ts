import { VERSION } from '../../base/version.ts';
import { patientOfId } from '../../data/layout/patients.ts';
import { auroc } from '../../metrics/auroc.ts';
import { bootstrapPatients, byPatient, type Interval } from '../../metrics/bootstrap.ts';
import { rankScores } from '../../metrics/ranking.ts';
import { optionTextsOf } from '../../run/run_config.ts';
import type { ComparedRun } from '../comparison/compared.ts';
import { CHECKED_METRICS, type Limits, metricValue } from './metrics.ts';

/** A finished run that is checked, or checked against. */
export interface CheckedRun extends ComparedRun {
  readonly predictions: readonly {
    readonly id: string;
    readonly label: 0 | 1;
    readonly score: number;
    /** Whether the run calls it abnormal; null without a threshold. */
    readonly abnormal: boolean | null;
  }[];
  /** Its data by split (`data.json`); absent in runs of before. */
  readonly data: { readonly sha256?: Readonly<Record<'valid' | 'test', string>> } | null;
}

/** What is asked of a run. */
export interface Asked {
  /** The least that a metric may be. */
  readonly min: Limits;
  /** The most that it may lie below the last run's. */
  readonly drop: Limits;
}

/** One metric, and whether it is what was asked. */
export interface MetricCheck {
  /** As `--min` takes it. */
  readonly name: string;
  readonly title: string;
  readonly now: number | null;
  readonly last: number | null;
  /** now − last */
  readonly change: number | null;
  /** 95 % of the draws of test images, the same for both runs: of `change`; known of the image AUROC alone. */
  readonly interval: Interval | null;
  readonly min: number | null;
  readonly drop: number | null;
  /** Why it is not what was asked, or null. */
  readonly failure: string | null;
}

/** A test image that both runs decide differently. */
export interface ChangedDecision {
  readonly id: string;
  readonly label: 0 | 1;
  /** Whether the run of now is right. */
  readonly right: boolean;
}

/** `comparison.json` of `fusionclip ci`. */
export interface RunCheck {
  readonly fusionclip: string;
  readonly passed: boolean;
  readonly run: string;
  readonly method: string;
  readonly model: string;
  readonly data: string;
  readonly shots: { readonly normal: number; readonly abnormal: number };
  readonly images: { readonly normal: number; readonly abnormal: number };
  /** The run that this one is compared with; null: there was none. */
  readonly last: { readonly run: string; readonly fusionclip: string } | null;
  /** Whether both runs scored the same test images, so that they can be compared image by image. */
  readonly paired: boolean;
  readonly metrics: readonly MetricCheck[];
  /** By id; empty where not `paired`. */
  readonly decisions: readonly ChangedDecision[];
  /** Settings that differ. */
  readonly settings: readonly { readonly name: string; readonly now: string; readonly last: string }[];
  /** What has to be known to read the numbers. */
  readonly notes: readonly string[];
}

const DRAWS = 500;

/** Holds a run to what is asked of it, and sets it beside the last one. */
export function checkRun(now: CheckedRun, last: CheckedRun | null, { min, drop }: Asked): RunCheck {
  const paired = last !== null && imagesOf(now) === imagesOf(last);
  const interval = paired ? differenceOf(now, last) : null;
  const metrics = Object.entries(CHECKED_METRICS).flatMap(([name, { title }]): MetricCheck[] => {
    const value = metricValue(name, now.results.selected);
    const before = last && metricValue(name, last.results.selected);
    const least = min[name] ?? null;
    const most = drop[name] ?? null;
    if (value === null && before === null && least === null && most === null) return [];
    const change = value !== null && before !== null ? value - before : null;
    return [
      {
        ...{ name, title, now: value, last: before, change },
        interval: name === 'image.auroc' ? interval : null,
        ...{ min: least, drop: most },
        failure: failureOf(title, value, before, least, most),
      },
    ];
  });
  const { results, header } = now;
  return {
    fusionclip: VERSION,
    passed: metrics.every(({ failure }) => failure === null),
    run: now.path,
    method: results.method,
    model: header.model.name.split('/').pop()!,
    data: results.data,
    shots: results.shots,
    images: results.selected.images,
    last: last && { run: last.path, fusionclip: last.results.fusionclip },
    paired,
    metrics,
    decisions: paired ? changedDecisions(now, last) : [],
    settings: last ? changedSettings(now, last) : [],
    notes: notesOf(now, last, paired, { min, drop }),
  };
}

/** Names and labels of the test images, as a key. */
function imagesOf({ predictions }: CheckedRun): string {
  const rows = predictions.map(({ id, label }) => JSON.stringify([id, label]));
  return rows.sort().join();
}

function failureOf(
  title: string,
  now: number | null,
  last: number | null,
  min: number | null,
  drop: number | null,
): string | null {
  if (now === null && (min !== null || drop !== null)) return `${title} is not known of these test images`;
  if (min !== null && now! < min) return `${title} is ${now!.toFixed(4)}, and at least ${min} is asked for`;
  // Decimal fractions are not exact: 0.9 − 0.8 is no less than 0.1.
  if (drop !== null && last !== null && last - now! > drop + 1e-12) {
    return `${title} fell by ${(last - now!).toFixed(4)} to ${now!.toFixed(4)}, and at most ${drop} is let through`;
  }
  return null;
}

/** 95 % of the draws of test images, or patients: by how much the image AUROC is higher now. */
function differenceOf(now: CheckedRun, last: CheckedRun): Interval | null {
  const labels = new Set(now.predictions.map(({ label }) => label));
  if (labels.size < 2) return null;
  const { group } = now.header.train;
  // What is drawn are places in the list of images; both runs have their score of each.
  const images = now.predictions.map(({ id, label }, score) => ({ id, label, score }));
  const before = new Map(last.predictions.map(({ id, score }) => [id, score]));
  const scores = [now.predictions.map(({ score }) => score), now.predictions.map(({ id }) => before.get(id)!)];
  const units = byPatient(images, group === null ? null : patientOfId(group));
  const [interval] = bootstrapPatients(
    units,
    ({ normal, abnormal }) => {
      const drawn = [...normal.map(() => 0), ...abnormal.map(() => 1)];
      const places = [...normal, ...abnormal];
      const [a, b] = scores.map((own) =>
        auroc(
          rankScores(
            drawn,
            places.map((place) => own[place]),
          ),
        ),
      );
      return [a - b];
    },
    { seed: 0, draws: DRAWS },
  );
  return interval;
}

function changedDecisions(now: CheckedRun, last: CheckedRun): ChangedDecision[] {
  const before = new Map(last.predictions.map(({ id, abnormal }) => [id, abnormal]));
  return now.predictions
    .filter(({ id, abnormal }) => abnormal !== null && before.get(id) !== null && before.get(id) !== abnormal)
    .map(({ id, label, abnormal }) => ({ id, label, right: abnormal === (label === 1) }));
}

function changedSettings(now: CheckedRun, last: CheckedRun): RunCheck['settings'] {
  const [ours, theirs] = [now, last].map(({ header }): Record<string, string> => optionTextsOf(header));
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])];
  return names
    .filter((name) => ours[name] !== theirs[name])
    .map((name) => ({ name, now: ours[name] ?? 'none', last: theirs[name] ?? 'none' }));
}

/** Fewer test images than this say little. */
const FEW = 30;

function notesOf(now: CheckedRun, last: CheckedRun | null, paired: boolean, { min, drop }: Asked): string[] {
  const notes: string[] = [];
  const { results, header } = now;
  const asked = Object.keys(min).length + Object.keys(drop).length;
  if (asked === 0) notes.push('Nothing is asked of the run (--min, --drop), so it passes whatever it reaches.');
  if (!last) notes.push('There is no last run to compare with.');
  else {
    if (!paired) notes.push('The last run scored other test images: metrics stand side by side, without an interval.');
    if (last.header.model.hash !== header.model.hash) notes.push('The last run had another model.');
    const sums = [now, last].map(({ data }) => data?.sha256);
    for (const split of ['valid', 'test'] as const) {
      if (sums[0] && sums[1] && sums[0][split] !== sums[1][split]) notes.push(`The files of ${split} have changed.`);
    }
    if (last.results.method !== results.method) notes.push(`The last run was of ${last.results.method}.`);
  }
  const few = Math.min(results.selected.images.normal, results.selected.images.abnormal);
  if (few < FEW) notes.push(`A class has ${few} test images: differences of a few points are chance.`);
  if (results.warning) notes.push(results.warning);
  return [...notes, ...(results.findings ?? [])];
}
