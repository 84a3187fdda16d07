import { FusionclipError } from './errors.ts';
import type { FileSystem } from './file_system.ts';

/** Bytes of a file that tell whose it is. */
const HEAD = 4096;

/**
 * Makes sure that a file that the user names may be written: nothing is there, or what this program wrote there before.
 * @param mark what the head of such a file holds
 * @throws FusionclipError `usage`
 */
export async function requireOwnFile(fs: FileSystem, path: string, mark: RegExp): Promise<void> {
  const stat = await fs.stat(path);
  if (stat === null) return;
  if (stat.kind === 'directory') throw new FusionclipError('usage', `${path} is a folder; give the name of a file.`);
  const head = stat.kind === 'file' ? new TextDecoder().decode(await fs.readRange(path, 0, HEAD)) : '';
  if (mark.test(head)) return;
  const text = `${path} is there, and this program has not written it as such; give another name, or remove it.`;
  throw new FusionclipError('usage', text);
}
