import type { Option } from '../../base/option.ts';
import type { SetMetrics } from '../../detect/set_metrics.ts';

/** A metric that can be asked for. */
interface CheckedMetric {
  readonly title: string;
  of(metrics: SetMetrics): number | null | undefined;
}

/** Metrics of the test split by the names that `--min` and `--drop` take; all are better when higher. */
export const CHECKED_METRICS: Readonly<Record<string, CheckedMetric>> = {
  'image.auroc': { title: 'image AUROC', of: ({ image }) => image.auroc },
  'image.ap': { title: 'image average precision', of: ({ image }) => image.averagePrecision },
  'image.f1': { title: 'image F1-max', of: ({ image }) => image.f1Max },
  sensitivity: { title: 'sensitivity', of: ({ imageThreshold }) => imageThreshold?.sensitivity },
  specificity: { title: 'specificity', of: ({ imageThreshold }) => imageThreshold?.specificity },
  'pixel.auroc': { title: 'pixel AUROC', of: ({ pixel }) => pixel?.auroc },
  'pixel.ap': { title: 'pixel average precision', of: ({ pixel }) => pixel?.averagePrecision },
  'pixel.f1': { title: 'pixel F1-max', of: ({ pixel }) => pixel?.f1Max },
  aupro: { title: 'AUPRO', of: ({ pixel }) => pixel?.aupro },
  dice: { title: 'Dice', of: ({ pixelThreshold }) => pixelThreshold?.dice },
};

/** A metric of a run; null where it has none. */
export function metricValue(name: string, metrics: SetMetrics): number | null {
  const value = CHECKED_METRICS[name].of(metrics);
  // A stored NaN is null.
  return typeof value === 'number' && !Number.isNaN(value) ? value : null;
}

/** Numbers by the names of metrics. */
export type Limits = Readonly<Record<string, number>>;

const NAMES = Object.keys(CHECKED_METRICS);

/** A flag of numbers in [0, 1] by metric, e.g. `image.auroc=0.9,dice=0.5`. */
export function limits(help: string): Option<Limits> {
  return {
    fallback: {},
    help: `${help}, e.g. image.auroc=0.9,dice=0.5; ${NAMES.join(', ')}`,
    // All of them: a wrong one is answered with this.
    form: `${NAMES.join('|')}=NUMBER,…`,
    range: [0, 1],
    parse: (text) => {
      const pairs = text.split(',').map((part) => /^\s*([a-z0-9.]+)\s*=\s*(\d*\.?\d+(?:e-?\d+)?)\s*$/.exec(part));
      const found: Record<string, number> = {};
      for (const pair of pairs) {
        if (!pair || !NAMES.includes(pair[1]) || pair[1] in found || Number(pair[2]) > 1) return undefined;
        found[pair[1]] = Number(pair[2]);
      }
      return found;
    },
  };
}
