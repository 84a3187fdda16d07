import { type Raster, sampleKind } from '../image.ts';
import type { Problem } from '../layout/problem.ts';
import { bitsUsed } from '../range/judge.ts';
import type { ValueFacts } from '../range/values.ts';
import { CELLS, type PeakedCells } from './cells.ts';
import { tail } from './separation.ts';

/** Cells from the edge inwards where marks are looked for: further in lies what images show. */
const MARGIN = 6;

/** Levels that are told apart. */
const BINS = 32;

/** The cells along the edges. */
const PLACES = Array.from({ length: CELLS * CELLS }, (_, cell) => cell).filter((cell) => {
  const isIn = (place: number) => place >= MARGIN && place < CELLS - MARGIN;
  return !isIn(cell % CELLS) || !isIn(Math.floor(cell / CELLS));
});

/** How far apart the labels lie at the place of a mark. */
const APART = 0.9;

/** How likely that may be by chance, at any of all places. */
const CHANCE = 0.01;

/** Share of the images of a label that are alike there. */
const ALIKE = 0.95;

/** A place where two groups of images are told apart. */
export interface Mark {
  /** In words, e.g. `in the upper left corner`. */
  readonly where: string;
  /** The grey levels there, of the two groups. */
  readonly levels: readonly [number, number];
}

/** What is counted of each place: how bright it is on the whole, and its brightest pixel, which a thin mark is seen by. */
const LOOKS = ['mean', 'peak'] as const;

/** Counts how bright images of two groups are at each place, so that a mark is found that all of one have in common. */
export class MarkFinder {
  /** By group, look, cell and level. */
  readonly #counts = [0, 1].map(() => new Uint32Array(LOOKS.length * CELLS * CELLS * BINS));

  /** Takes an image; one whose numbers have no levels of their own is passed over. */
  add(group: 0 | 1, raster: Pick<Raster, 'data'>, { sums, counts, peaks }: PeakedCells, { highest }: ValueFacts): void {
    const kind = sampleKind(raster);
    if (kind !== 'uint8' && kind !== 'uint16') return;
    const top = kind === 'uint8' ? 256 : 2 ** bitsUsed(highest);
    for (const cell of PLACES) {
      if (counts[cell] === 0) continue;
      for (const [look, value] of [sums[cell] / counts[cell], peaks[cell]].entries()) {
        const level = Math.min(BINS - 1, Math.floor((BINS * value) / top));
        this.#counts[group][(look * CELLS * CELLS + cell) * BINS + level]++;
      }
    }
  }

  /** The clearest of the places where nearly all images of a group are alike, and hardly any of the other one is like them. */
  find(): Mark | null {
    let best: { cell: number; distance: number; levels: readonly [number, number] } | null = null;
    for (const look of LOOKS.keys()) {
      for (const cell of PLACES) {
        const [first, second] = this.#at(look, cell);
        const distance = Math.max(flatAgainst(first, second), flatAgainst(second, first));
        if (distance < APART || distance <= (best?.distance ?? 0)) continue;
        // Any two neighbouring levels of either group would have done.
        const chance = LOOKS.length * PLACES.length * 2 * BINS * tail(distance, total(first), total(second));
        if (chance <= CHANCE) best = { cell, distance, levels: [median(first), median(second)] };
      }
    }
    if (!best) return null;
    const [first, second] = best.levels.map((level) => Math.round((level + 0.5) * (256 / BINS)));
    return { where: whereIs(best.cell), levels: [first, second] };
  }

  #at(look: number, cell: number): [Uint32Array, Uint32Array] {
    const from = (look * CELLS * CELLS + cell) * BINS;
    const [first, second] = this.#counts.map((counts) => counts.subarray(from, from + BINS));
    return [first, second];
  }
}

/** What is said of places by which labels and splits are told apart. */
export function markProblems(
  path: string,
  { labels, splits }: Readonly<Record<'labels' | 'splits', Mark | null>>,
): Problem[] {
  const problems: Problem[] = [];
  if (labels) {
    const [normal, abnormal] = labels.levels;
    const message = `the images of one label are alike ${labels.where} and the others differ (grey about ${normal} in normal ones, ${abnormal} in abnormal ones), as where a mark is burned in; a model may go by it in place of lesions: cover that place in all images`;
    problems.push({ kind: 'told_apart', severity: 'warning', path, message });
  }
  if (splits) {
    const [valid, test] = splits.levels;
    const message = `the images of one split are alike ${splits.where} and the others differ (grey about ${valid} in valid, ${test} in test), as where one has a mark or a margin; bring all images into one form`;
    problems.push({ kind: 'unlike_splits', severity: 'warning', path, message });
  }
  return problems;
}

/** By what share more images of one label lie in two neighbouring bins than of the other one, where nearly all of these do; else 0. */
function flatAgainst(flat: Uint32Array, other: Uint32Array): number {
  const [n, m] = [total(flat), total(other)];
  let most = 0;
  for (let i = 0; i + 1 < BINS; i++) {
    const share = (flat[i] + flat[i + 1]) / n;
    if (share >= ALIKE) most = Math.max(most, share - (other[i] + other[i + 1]) / m);
  }
  return most;
}

function total(bins: Uint32Array): number {
  return bins.reduce((sum, one) => sum + one, 0);
}

function median(bins: Uint32Array): number {
  const half = total(bins) / 2;
  let sum = 0;
  return bins.findIndex((one) => {
    sum += one;
    return sum >= half;
  });
}

function whereIs(cell: number): string {
  const part = (place: number, names: readonly [string, string, string]) =>
    names[place < CELLS / 4 ? 0 : place < (3 * CELLS) / 4 ? 1 : 2];
  const down = part(Math.floor(cell / CELLS), ['upper', '', 'lower']);
  const across = part(cell % CELLS, ['left', '', 'right']);
  return down === '' || across === '' ? `at the ${down}${across} side` : `in the ${down} ${across} corner`;
}
