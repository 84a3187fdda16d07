import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';
import { isOutputFolder } from '../data/layout/own_output.ts';
import { FolderLock, namesIn } from '../run/lock.ts';

/** What a prediction or an evaluation writes. */
const WRITTEN: readonly string[] = [
  ...['predictions.csv', 'predictions.json', 'results.json', 'data.json', 'maps'],
  ...['volumes', 'volumes.json', 'volumes.csv', 'patients.csv'],
];

/** Folders of a run that its own files fill. */
const INSIDE: readonly string[] = ['maps', 'checkpoint', 'volumes'];

/** What a run folder alone holds. */
const OF_RUNS: readonly string[] = ['config.json', 'checkpoint', 'metrics.jsonl', 'shots.json', 'env.json'];

/** The folder that predictions or the results of an evaluation are written to; this process alone writes there. */
export class OutputFolder {
  readonly path: string;
  readonly #fs: FileSystem;
  readonly #lock: FolderLock;

  private constructor(fs: FileSystem, path: string, lock: FolderLock) {
    this.#fs = fs;
    this.path = path;
    this.#lock = lock;
  }

  /**
   * Takes a folder before any work is done; nothing in it is touched.
   * @throws FusionclipError `usage` for a run folder, whose results would be lost, for a folder with files of others under the
   * names that would be written, and where another process writes; `io` where nothing can be written
   */
  static async take(fs: FileSystem, path: string, say?: (text: string) => void): Promise<OutputFolder> {
    await OutputFolder.requireFree(fs, path);
    return new OutputFolder(fs, path, await FolderLock.take(fs, path, say));
  }

  /**
   * Takes a folder and lets it go, so that a wrong one is told before anything is listed or read.
   * @param path null writes nothing
   * @throws FusionclipError as {@link take}
   */
  static async probe(fs: FileSystem, path: string | null, say?: (text: string) => void): Promise<void> {
    if (path !== null) await (await OutputFolder.take(fs, path, say)).release();
  }

  /**
   * Looks whether a folder may be written to by what lies there, and touches nothing.
   * @param path null writes nothing
   * @throws FusionclipError `usage` as {@link take}, but for other processes
   */
  static async requireFree(fs: FileSystem, path: string | null): Promise<void> {
    if (path === null) return;
    const stat = await fs.stat(path);
    if (stat && stat.kind !== 'directory') {
      throw new FusionclipError('usage', `${path} is a file; give a folder with --out.`);
    }
    const run = await runAround(fs, path);
    if (run) {
      const text = `${path} is for files of the run in ${run} itself; give another folder with --out.`;
      throw new FusionclipError('usage', text);
    }
    if (stat) {
      const names = await namesIn(fs, path);
      if (names.some((name) => OF_RUNS.includes(name))) {
        const text = `${path} is the folder of a run, whose own results would be lost; give another folder with --out.`;
        throw new FusionclipError('usage', text);
      }
      const taken = names.find((name) => WRITTEN.includes(name));
      if (taken && !(await isOutputFolder(fs, path, names))) {
        const text = `${path} holds ${taken}, which this program has not written; give another folder with --out.`;
        throw new FusionclipError('usage', text);
      }
    }
  }

  /** Removes what an earlier call has left: it would be taken for a part of the new results. */
  async clear(): Promise<void> {
    for (const name of WRITTEN) await this.#fs.remove(this.file(name));
  }

  /** Path of something in the folder. */
  file(name: string): string {
    return joinPath(this.path, name);
  }

  /** Lets others write there. A folder that was made for nothing goes. */
  async release(): Promise<void> {
    await this.#lock.release();
  }
}

/** The run whose maps or weights a path lies among, or null. */
async function runAround(fs: FileSystem, path: string): Promise<string | null> {
  const parts = path.split(/[/\\]/);
  for (const [i, part] of parts.entries()) {
    if (!INSIDE.includes(part)) continue;
    const parent = i === 0 ? '.' : parts.slice(0, i).join('/') || '/';
    if (await fs.stat(joinPath(parent, 'config.json'))) return parent;
  }
  return null;
}
