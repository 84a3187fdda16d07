import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import type { Image } from '../data/image.ts';
import { encodePng } from '../data/png.ts';
import { phantom, phantomFamily } from './phantom.ts';
import { writeWholeSet } from './whole_set.ts';

/** A data set to write. */
export interface PhantomSet {
  /** Name of the family. */
  readonly set: string;
  /** The folder in which the set's own folder is made. */
  readonly out: string;
  readonly seed: number;
  /** Healthy pictures for training. */
  readonly train: number;
  /** Pictures of `valid` and of `test`; half of them, rounded down, are diseased. */
  readonly valid: number;
  readonly test: number;
  /** Pixels to a side. */
  readonly size: number;
  /** Kinds of lesion to draw from; all by default. */
  readonly kinds?: readonly string[];
}

/** Where the numbers of a split start, so that no phantom is in two splits. */
const FIRST = { train: 0, valid: 1_000_000, test: 2_000_000 } as const;

/** Name of the file with one JSON line a picture: what it shows and how it is described. */
export const PHANTOM_FACTS = 'phantoms.jsonl';

/**
 * Writes a folder arranged as a BMAD set and named as one (`OUT/Brain`), so that prompts call its content rightly: with
 * masks `{train/good/img, valid|test/{good/img, Ungood/{img,anomaly_mask}}}`, without `{train/good, valid|test/{good,
 * Ungood}}`. Kinds of lesion take turns. Calls `onProgress` after each picture; returns the folder's path.
 *
 * Throws `FusionclipError('usage')` for a family, kind, size, seed or count that cannot be, and for a folder that is
 * there already: what it held would become part of the set.
 */
export async function writePhantoms(
  fs: FileSystem,
  options: PhantomSet,
  onProgress?: (done: number, total: number) => void,
): Promise<string> {
  const { set, seed } = options;
  const family = phantomFamily(set);
  checkCounts(options);
  const kinds = options.kinds ?? family.kinds.map(({ name }) => name);
  // Fails before anything is written.
  phantom(set, seed, 0, { size: 32, abnormal: kinds });
  return writeWholeSet(fs, options.out, family.dataset, (folder) => writeSplits(fs, folder, options, onProgress));
}

async function writeSplits(
  fs: FileSystem,
  folder: string,
  options: PhantomSet,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const { set, seed, size } = options;
  const family = phantomFamily(set);
  const kinds = options.kinds ?? family.kinds.map(({ name }) => name);
  const total = options.train + options.valid + options.test;
  const lines: string[] = [];
  const png = async (path: string, image: Image) => fs.writeFile(joinPath(folder, path), encodePng(image));
  for (const split of ['train', 'valid', 'test'] as const) {
    for (let i = 0; i < options[split]; i++) {
      const index = FIRST[split] + i;
      const abnormal = split !== 'train' && i % 2 === 1;
      const kind = kinds[(i >> 1) % kinds.length];
      const made = phantom(set, seed, index, { size, abnormal: abnormal && kind });
      const name = `${set}_${seed}_${String(index).padStart(7, '0')}.png`;
      const place = joinPath(split, abnormal ? 'Ungood' : 'good');
      const image = joinPath(place, family.masks ? 'img' : '', name);
      await png(image, made.image);
      if (family.masks && abnormal) await png(joinPath(place, 'anomaly_mask', name), made.mask);
      lines.push(JSON.stringify({ image, seed, index, ...made.facts, captions: made.captions }));
      onProgress?.(lines.length, total);
    }
  }
  await fs.writeFile(joinPath(folder, PHANTOM_FACTS), `${lines.join('\n')}\n`);
}

function checkCounts({ seed, train, valid, test }: PhantomSet): void {
  const whole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  if (!whole(seed, 0, 0xffffffff)) {
    throw new FusionclipError('usage', `The seed ${seed} is not a whole number from 0 to 4294967295.`);
  }
  for (const [name, count, least] of [
    ['train', train, 0] as const,
    ['valid', valid, 2] as const,
    ['test', test, 2] as const,
  ]) {
    if (whole(count, least, FIRST.valid)) continue;
    throw new FusionclipError(
      'usage',
      `--${name} ${count} is not a number of pictures: choose ${least} to ${FIRST.valid}.`,
    );
  }
}
