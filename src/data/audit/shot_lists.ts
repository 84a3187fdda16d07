import type { FileSystem } from '../../base/file_system.ts';
import { baseName, joinPath } from '../../base/paths.ts';
import { parseShotList } from '../shots.ts';

/** The support set that a few-shot list names: `K-shot.txt`, draw 0. */
export interface ShotList {
  readonly file: string;
  readonly shots: number;
  /** Names of the normal and of the abnormal images, without folders. */
  readonly normal: readonly string[];
  readonly abnormal: readonly string[];
}

/** A list whose images are not all in the list of the next larger K, so that results differ by draw and not by K alone. */
export interface BrokenNesting {
  readonly smaller: string;
  readonly larger: string;
  readonly label: 'normal' | 'abnormal';
  /** Images of the smaller list that the larger one lacks. */
  readonly missing: readonly string[];
}

/**
 * The lists `K-shot.txt` in a folder, smallest K first.
 * @throws FusionclipError `io`, and `bad_data` for a list of another form
 */
export async function readShotLists(fs: FileSystem, folder: string): Promise<ShotList[]> {
  const lists: ShotList[] = [];
  for (const { name, kind } of await fs.list(folder)) {
    const match = kind === 'file' && /^(\d+)-shot\.txt$/.exec(name);
    if (!match) continue;
    const file = joinPath(folder, name);
    const draws = parseShotList(new TextDecoder().decode(await fs.readFile(file)), file);
    const names = (key: string) => (draws.get(key) ?? []).map(baseName);
    lists.push({ file, shots: Number(match[1]), normal: names('n-0'), abnormal: names('a-0') });
  }
  return lists.sort((a, b) => a.shots - b.shots);
}

/** Every pair of neighbouring lists of which the larger lacks images of the smaller. */
export function brokenNestings(lists: readonly ShotList[]): BrokenNesting[] {
  return lists.slice(1).flatMap((larger, i) => {
    const smaller = lists[i];
    return (['normal', 'abnormal'] as const)
      .map((label) => {
        const missing = smaller[label].filter((name) => !larger[label].includes(name));
        return { smaller: baseName(smaller.file), larger: baseName(larger.file), label, missing };
      })
      .filter(({ missing }) => missing.length > 0);
  });
}
