import { INTENSITY_NAMES } from '../../metrics/intensity_baseline.ts';
import { type MeanInterval, meanInterval, type PairedDifference, pairedDifference } from '../../metrics/paired.ts';
import { type Question, questionsOf } from './gap_rows.ts';
import type { GapMetric, GapRun, GapValues } from './gap_run.ts';

/** The sets of a study together: the mean over them. */
export const ALL_SETS = 'mean';

/** A method on a set with a number of support images, over seeds. */
export interface GapRow {
  /** A family, or {@link ALL_SETS}. */
  readonly set: string;
  readonly method: string;
  readonly shots: number;
  /** Seeds that are finished; of {@link ALL_SETS} those of which every set is. */
  readonly seeds: readonly number[];
  readonly imageAuroc: MeanInterval;
  /** Null for sets without masks. */
  readonly pixelAuroc: MeanInterval | null;
  readonly aupro: MeanInterval | null;
}

/** How much higher the image AUROC of one method is than that of another on the same phantoms, draw and seed. */
export interface GapDifference extends Question {
  readonly shots: number;
  /** A family, or {@link ALL_SETS}: then of the means over all sets, seed by seed. */
  readonly set: string;
  /** Pairs are seeds. */
  readonly bySeed: PairedDifference;
  /** Of {@link ALL_SETS}: pairs are a set and a seed; null for one set. */
  readonly bySetAndSeed: PairedDifference | null;
}

/** Value of each metric of a run. */
interface Cell {
  readonly set: string;
  readonly method: string;
  readonly shots: number;
  readonly seed: number;
  readonly values: GapValues;
}

const METRICS = ['imageAuroc', 'pixelAuroc', 'aupro'] as const;

/**
 * Cells of finished runs. What reads no support image is as good with each number of them; what brightness alone reaches (in the
 * better direction of each seed) is taken from any run of a set and seed.
 */
function cellsOf(finished: readonly GapRun[], shots: readonly number[]): Cell[] {
  const own = finished.flatMap(({ set, method, seed, shots: drawn, values }): Cell[] =>
    (drawn === null ? shots : [drawn]).map((each) => ({ set, method, seed, shots: each, values })),
  );
  const first = new Map(finished.map((run) => [`${run.set} ${run.seed}`, run]));
  const bright = [...first.values()].flatMap(({ set, seed, brightness }) =>
    Object.entries(brightness).flatMap(([method, values]): Cell[] =>
      shots.map((each) => ({ set, method, seed, shots: each, values })),
    ),
  );
  return [...own, ...bright];
}

/** The cells and, for each method, number of support images and seed that has all sets, their mean. */
function withMeans(cells: readonly Cell[], sets: readonly string[]): Cell[] {
  const groups = new Map<string, Cell[]>();
  for (const cell of cells) {
    const key = JSON.stringify([cell.method, cell.shots, cell.seed]);
    groups.set(key, [...(groups.get(key) ?? []), cell]);
  }
  const means = [...groups.values()]
    .filter((group) => sets.every((set) => group.some((cell) => cell.set === set)))
    .map((group): Cell => {
      const over = (metric: GapMetric) => {
        const values = group.flatMap((cell) => cell.values[metric] ?? []);
        return values.length > 0 ? values.reduce((a, b) => a + b, 0) / values.length : null;
      };
      const { method, shots, seed } = group[0];
      const values = { imageAuroc: over('imageAuroc'), pixelAuroc: over('pixelAuroc'), aupro: over('aupro') };
      return { set: ALL_SETS, method, shots, seed, values };
    });
  return [...cells, ...means];
}

/** Rows and differences of what is finished. */
export function summariseGap(
  finished: readonly GapRun[],
  sets: readonly string[],
  shots: readonly number[],
  methods: readonly string[],
): { readonly rows: GapRow[]; readonly differences: GapDifference[] } {
  const cells = withMeans(cellsOf(finished, shots), sets);
  const order = [...methods, ...Object.values(INTENSITY_NAMES)];
  const places = [...sets, ALL_SETS];
  const of = (set: string, method: string, each: number) =>
    cells
      .filter((cell) => cell.set === set && cell.method === method && cell.shots === each)
      .sort((a, b) => a.seed - b.seed);
  const rows = places.flatMap((set) =>
    shots.flatMap((each) =>
      order.flatMap((method): GapRow[] => {
        const own = of(set, method, each);
        if (own.length === 0) return [];
        const [imageAuroc, pixelAuroc, aupro] = METRICS.map((metric) => {
          const values = own.flatMap((cell) => cell.values[metric] ?? []);
          return values.length === own.length ? meanInterval(values) : null;
        });
        return [
          { set, method, shots: each, seeds: own.map(({ seed }) => seed), imageAuroc: imageAuroc!, pixelAuroc, aupro },
        ];
      }),
    ),
  );
  const pairs = (question: Question, set: string, each: number) => {
    const second = of(set, question.second, each);
    return of(set, question.first, each).flatMap((a) => {
      const b = second.find(({ seed }) => seed === a.seed);
      return b ? [[a.values.imageAuroc!, b.values.imageAuroc!] as const] : [];
    });
  };
  const difference = (list: readonly (readonly [number, number])[]) =>
    list.length === 0
      ? null
      : pairedDifference(
          list.map(([a]) => a),
          list.map(([, b]) => b),
        );
  const differences = shots.flatMap((each) =>
    questionsOf(methods).flatMap((question) =>
      places.flatMap((set): GapDifference[] => {
        const bySeed = difference(pairs(question, set, each));
        if (!bySeed) return [];
        const all = set === ALL_SETS ? difference(sets.flatMap((one) => pairs(question, one, each))) : null;
        return [{ ...question, shots: each, set, bySeed, bySetAndSeed: all }];
      }),
    ),
  );
  return { rows, differences };
}
