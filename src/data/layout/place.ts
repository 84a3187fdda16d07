import { joinPath } from '../../base/paths.ts';
import { isImageFolder, isMaskBeside, isMaskFolder, splitOfName, withoutMaskWord } from './words.ts';

/** What the folders of a path say of the files in them. */
export interface Place {
  readonly split: 'train' | 'valid' | 'test' | null;
  /** The class folder's name as it is written, or null outside of one. */
  readonly name: string | null;
  /** The class folder with the split before it, relative to the data set. */
  readonly folder: string;
  /** Folders between the class and its files: patients, series. */
  readonly sub: string;
  /** The folder that says that its files are masks, or null. */
  readonly masks: string | null;
  /** Whether a folder `img` is on the way: BMAD's mark of a set with masks. */
  readonly nested: boolean;
}

/**
 * Reads a folder's path from the outside in. The first name of a split is the split; names of mask and image folders say
 * what lies in them, wherever they stand; the first other name is the class, and what follows lies between class and file.
 * A folder `X_masks` beside a folder `X` holds the masks of `X`.
 */
export function placeOf(folder: string, siblings: ReadonlySet<string>): Place {
  let split: Place['split'] = null;
  let name: string | null = null;
  let masks: string | null = null;
  let nested = false;
  const own: string[] = [];
  const sub: string[] = [];
  let above = '';
  for (const part of folder.split('/').filter((part) => part !== '')) {
    const here = joinPath(above, part);
    const ofSplit = splitOfName(part);
    const masked = withoutMaskWord(part);
    if (name === null && split === null && ofSplit) {
      split = ofSplit;
      own.push(part);
    } else if (isMaskFolder(part)) masks ??= here;
    else if (name !== null && isMaskBeside(part, (beside) => siblings.has(joinPath(above, beside)))) masks ??= here;
    else if (isImageFolder(part)) nested ||= part.toLowerCase() === 'img';
    else if (name !== null) sub.push(part);
    else if (masked !== null && siblings.has(joinPath(above, masked))) {
      masks ??= here;
      name = masked;
      own.push(masked);
    } else {
      name = part;
      own.push(part);
    }
    above = here;
  }
  return { split, name, folder: own.join('/'), sub: sub.join('/'), masks, nested };
}
