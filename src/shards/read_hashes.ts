import type { FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';
import { sha256 } from '../base/sha256.ts';

/** A file system that notes the SHA-256 of each file that is read whole. */
export interface HashedFiles {
  readonly fs: FileSystem;
  /** By path. */
  readonly hashes: Map<string, string>;
}

/** As the file system is, with the hashes of what is read. @param where of the path that a name stands for */
export function hashedFiles(base: FileSystem, where: (path: string) => string): HashedFiles {
  const hashes = new Map<string, string>();
  const fs = overlaid(base, {
    readFile: async (path) => {
      const bytes = await base.readFile(where(path));
      hashes.set(path, await sha256(bytes));
      return bytes;
    },
    readRange: (path, offset, length) => base.readRange(where(path), offset, length),
    stat: (path) => base.stat(where(path)),
    list: (path) => base.list(where(path)),
    // Each name of a plan is an input of its own, also where two lead to one file.
    realPath: undefined,
  });
  return { fs, hashes };
}
