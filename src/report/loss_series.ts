import type { LoggedStep, RunRecord, SelectionPoint } from './read_run.ts';

/** Losses at one place of training: the mean over the steps since the place before. */
export interface LossPoint {
  readonly step: number;
  readonly total: number;
  /** In the order of {@link LossSeries.parts}. */
  readonly parts: readonly number[];
}

/** The course of a training with the chosen learning rate. */
export interface LossSeries {
  /** E.g. `focal, gal`: the sum over the layers. */
  readonly parts: readonly string[];
  readonly points: readonly LossPoint[];
  /** Steps that a point is the mean of. */
  readonly each: number;
  readonly selection: readonly SelectionPoint[];
}

/** More points than this no chart can show. */
const MOST_POINTS = 240;

/** Losses and comparisons of the chosen learning rate, thinned out; null when the log is gone. */
export function lossSeries({ steps, selection, results }: RunRecord): LossSeries | null {
  const chosen = ({ rate }: { readonly rate?: number }) => (rate ?? null) === results.selected.rate;
  const own = steps.filter(chosen);
  if (own.length === 0) return null;
  const parts = [...new Set(Object.keys(own[0].parts).map(groupOf))];
  const each = Math.ceil(own.length / MOST_POINTS);
  const points: LossPoint[] = [];
  for (let i = 0; i < own.length; i += each) {
    const some = own.slice(i, i + each);
    const mean = (of: (step: LoggedStep) => number) => some.reduce((sum, step) => sum + of(step), 0) / some.length;
    points.push({
      step: some[some.length - 1].step,
      total: mean(({ loss }) => loss),
      parts: parts.map((part) => mean((step) => sumOf(step, part))),
    });
  }
  return { parts, points, each, selection: selection.filter(chosen) };
}

/** `focal, gal` of `focal.gal.6`. */
function groupOf(name: string): string {
  return name.split('.').slice(0, 2).join(', ');
}

function sumOf({ parts }: LoggedStep, group: string): number {
  return Object.entries(parts).reduce((sum, [name, value]) => sum + (groupOf(name) === group ? value : 0), 0);
}
