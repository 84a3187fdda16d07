import type { FileLock, FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';

/** The file in a folder that says which process writes to it. */
export const LOCK = 'run.lock';

/** What a process that was killed in the middle of a file leaves beside it. */
const LEFTOVER = /^\..+\.tmp$/;

/** How often a folder is made for its lock. */
const ATTEMPTS = 100;

/** How deep a run writes: `maps/` repeats the folders of the data set. */
const DEPTH = 8;

/** The names in a folder, without its lock and without what a killed process has left half-written. */
export async function namesIn(fs: FileSystem, folder: string): Promise<string[]> {
  const names = (await fs.list(folder)).map(({ name }) => name);
  return names.filter((name) => name !== LOCK && !LEFTOVER.test(name));
}

/** A folder that this process alone writes to. */
export class FolderLock {
  readonly #release: () => Promise<void>;

  private constructor(release: () => Promise<void>) {
    this.#release = release;
  }

  /**
   * Takes a folder, which is made when it is not there, and removes what a killed process has left half-written in it.
   * @param depth of the folders below it that it wrote to
   * @param say gets a sentence when a process that is gone held the folder
   * @throws FusionclipError `usage` when another process writes to it
   */
  static async take(
    fs: FileSystem,
    folder: string,
    say: (text: string) => void = () => {},
    depth = DEPTH,
  ): Promise<FolderLock> {
    const isNew = (await fs.stat(folder)) === null;
    const lock = await lockIn(fs, folder);
    if (!lock) {
      return new FolderLock(async () => {
        if (isNew && (await fs.list(folder)).length === 0) await fs.remove(folder);
      });
    }
    try {
      if (lock.abandonedBy)
        say(`${lock.abandonedBy} ended without a word while it wrote to ${folder}; it is taken over.`);
      await removeLeftovers(fs, folder, depth);
      return new FolderLock(() => lock.release(isNew));
    } catch (error) {
      await lock.release(isNew);
      throw error;
    }
  }

  /** Lets others write there. A folder that was made for nothing goes. */
  async release(): Promise<void> {
    await this.#release();
  }
}

/** Makes a folder and its lock. */
async function lockIn(fs: FileSystem, folder: string): Promise<FileLock | undefined> {
  for (let attempt = 1; ; attempt++) {
    await fs.makeDir(folder);
    try {
      return await fs.lock?.(joinPath(folder, LOCK));
    } catch (error) {
      // In between, another process may have removed the folder that it had made for nothing.
      if (attempt === ATTEMPTS || (await fs.stat(folder)) !== null) throw error;
    }
  }
}

/** Removes half-written files in a folder and `depth` levels below it. */
async function removeLeftovers(fs: FileSystem, folder: string, depth: number): Promise<void> {
  for (const { name, kind } of await fs.list(folder)) {
    const path = joinPath(folder, name);
    if (kind === 'directory' && depth > 0) await removeLeftovers(fs, path, depth - 1);
    else if (kind === 'file' && LEFTOVER.test(name)) await fs.remove(path);
  }
}
