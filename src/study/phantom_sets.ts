import { joinPath } from '../base/paths.ts';
import type { RunContext } from '../detect/run_context.ts';
import { PHANTOM_FAMILIES, writePhantoms } from '../phantom/index.ts';

/** Seeds of the phantoms that models are evaluated on begin here; pre-training uses small ones. */
export const PHANTOM_SEED = 1_000_000;

/** Phantoms to be evaluated on. */
export interface PhantomCounts {
  /** Pictures of each set in `valid` and `test`, half of them diseased. */
  readonly valid: number;
  readonly test: number;
}

/** Where the sets of a seed lie in the folder of a study: sets of another number of pictures are other sets. */
export function phantomPlace(out: string, { valid, test }: PhantomCounts, seed: number): string {
  return joinPath(out, 'data', `${PHANTOM_SEED + seed}-${valid}-${test}`);
}

/** The folder of a family's set for a seed, below `parent`; written once. */
export async function phantomFolder(
  { fs, onEvent }: Pick<RunContext, 'fs' | 'onEvent'>,
  parent: string,
  { valid, test }: PhantomCounts,
  family: string,
  seed: number,
): Promise<string> {
  const folder = joinPath(parent, PHANTOM_FAMILIES[family].dataset);
  // The facts are written last: a folder without them is half a set.
  if (await fs.stat(joinPath(folder, 'phantoms.jsonl'))) return folder;
  await fs.remove(folder);
  return writePhantoms(fs, { set: family, out: parent, seed, train: 0, valid, test, size: 168 }, (done, total) =>
    onEvent?.({ type: 'stage', what: `phantoms ${family}`, done, total }),
  );
}
