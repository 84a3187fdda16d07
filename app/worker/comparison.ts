import { csvCells } from '../../src/base/csv.ts';
import { FusionclipError } from '../../src/base/errors.ts';
import { joinPath } from '../../src/base/paths.ts';
import type { CalledImage, ComparedResults, ComparedSide } from '../protocol/comparison.ts';
import type { SessionFile } from '../protocol/sessions.ts';
import type { PageFiles } from './files.ts';
import { adaptersFacts } from './outcome.ts';
import { adaptersOf, runOf } from './sessions.ts';

/** Scores and calls of a session's images by name; images that could not be scored are none. */
type Calls = ReadonlyMap<string, CalledImage>;

/**
 * What two finished sessions say of the images that both have scored, each by its own threshold.
 * @throws FusionclipError `io` where the files of one are not whole
 */
export async function compareResults(
  files: PageFiles,
  [first, second]: readonly [SessionFile, SessionFile],
): Promise<ComparedResults> {
  const [a, b] = [await callsOf(files, first), await callsOf(files, second)];
  return { sides: [await sideOf(files, first, a), await sideOf(files, second, b)], ...compareCalls(a, b) };
}

/** How two lists of calls differ. */
export function compareCalls(a: Calls, b: Calls): Omit<ComparedResults, 'sides'> {
  const pairs = [...a]
    .filter(([id]) => b.has(id))
    .map(([id, call], at) => ({ id, at, sides: [call, b.get(id)!] as const }));
  const [one, other] = [0, 1].map((k) => ranksOf(pairs.map(({ sides }) => sides[k].score)));
  const apart = (at: number) => Math.abs(one[at] - other[at]);
  return {
    common: pairs.length,
    ranks: correlation(one, other),
    differing: pairs
      .filter(({ sides: [here, there] }) => here.call !== there.call)
      .sort((x, y) => apart(y.at) - apart(x.at))
      .map(({ id, sides }) => ({ id, sides })),
  };
}

async function sideOf(files: PageFiles, session: SessionFile, calls: Calls): Promise<ComparedSide> {
  const all = [...calls.values()];
  const called = all.some(({ call }) => call !== null);
  return {
    weights: (await adaptersFacts(files, adaptersOf(session))).trainedOn,
    images: all.length,
    abnormal: called ? all.filter(({ call }) => call === 'abnormal').length : null,
  };
}

async function callsOf(files: PageFiles, { id, name }: SessionFile): Promise<Calls> {
  const path = joinPath(runOf(id), 'predictions.csv');
  if (!(await files.stat(path))) {
    throw new FusionclipError('io', `The scores of ${name} are not there any more; do its work again.`);
  }
  return parseCalls(new TextDecoder().decode(await files.readFile(path)));
}

/** The images of a `predictions.csv`. A decision of a calibration goes before the threshold. */
export function parseCalls(csv: string): Calls {
  const [head = [], ...rows] = csvCells(csv);
  const at = (row: string[], column: string) => row[head.indexOf(column)] ?? '';
  const scored = rows.filter((row) => at(row, 'score') !== '');
  return new Map(
    scored.map((row) => {
      const byThreshold = { '1': 'abnormal', '0': 'normal' }[at(row, 'abnormal')] ?? null;
      return [at(row, 'id'), { score: Number(at(row, 'score')), call: at(row, 'decision') || byThreshold }];
    }),
  );
}

/** Ranks from 0 on; equal values share the middle of theirs. */
function ranksOf(values: readonly number[]): number[] {
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  const ranks = new Array<number>(values.length);
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && values[order[end]] === values[order[start]]) end++;
    for (const i of order.slice(start, end)) ranks[i] = (start + end - 1) / 2;
    start = end;
  }
  return ranks;
}

/** Of Pearson; null where one of the lists does not vary, or has fewer than three values. */
function correlation(a: readonly number[], b: readonly number[]): number | null {
  const mean = (a.length - 1) / 2;
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  const [aa, bb] = [sum((i) => (a[i] - mean) ** 2), sum((i) => (b[i] - mean) ** 2)];
  return a.length < 3 || aa * bb === 0 ? null : sum((i) => (a[i] - mean) * (b[i] - mean)) / Math.sqrt(aa * bb);
}
