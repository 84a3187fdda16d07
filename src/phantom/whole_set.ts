import { FusionclipError } from '../base/errors.ts';
import type { FileSystem } from '../base/file_system.ts';
import { joinPath } from '../base/paths.ts';

/**
 * Writes the folder of a set under another name and renames it: it is whole or not there, whoever stops or writes the same.
 * @param write fills the folder that it gets
 * @returns the folder's path
 * @throws FusionclipError `usage` for a folder that is there, what it held would become part of the set; and what `write` throws
 */
export async function writeWholeSet(
  fs: FileSystem,
  out: string,
  name: string,
  write: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = joinPath(out, name);
  const requireFree = async () => {
    if (!(await fs.stat(folder))) return;
    throw new FusionclipError('usage', `${folder} is there already; remove it or choose another --out.`);
  };
  await requireFree();
  const making = joinPath(out, `.${name}.${crypto.randomUUID().slice(0, 8)}.tmp`);
  try {
    await write(making);
    await fs.rename(making, folder).catch(async (error) => {
      await requireFree(); // another one was quicker
      throw error;
    });
  } catch (error) {
    await fs.remove(making).catch(() => {});
    throw error;
  }
  return folder;
}
