import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';

/** Folders below each other that are searched for runs. */
const DEPTH = 6;

/**
 * The finished runs that paths name: a run folder is itself, another folder all finished runs in it, at any depth.
 * @param skipped told of each unfinished run that was found
 * @throws FusionclipError `io` for a path without any finished run
 */
export async function findRuns(
  fs: FileSystem,
  paths: readonly string[],
  skipped: (path: string) => void = () => {},
): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (path: string, depth: number): Promise<number> => {
    if (await fs.stat(joinPath(path, 'config.json'))) {
      if (await fs.stat(joinPath(path, 'results.json'))) return found.add(path) && 1;
      skipped(path);
      return 0;
    }
    let count = 0;
    if (depth === 0) return count;
    for (const { name, kind } of await fs.list(path)) {
      if (kind === 'directory' && !name.startsWith('.')) count += await visit(joinPath(path, name), depth - 1);
    }
    return count;
  };
  for (const path of paths) {
    const plain = path.replace(/(?<=.)\/+$/, '');
    if ((await fs.stat(plain))?.kind !== 'directory') {
      throw new FusionclipError('io', `There is no folder ${path}; give a run folder, or one that holds runs.`);
    }
    if ((await visit(plain, DEPTH)) === 0) {
      throw new FusionclipError('io', `${path} holds no finished run; give a folder of fusionclip train or sweep.`);
    }
  }
  return [...found];
}
