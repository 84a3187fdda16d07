import type { FileSystem } from '../base/file_system.ts';
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
  const fs: FileSystem = {
    readFile: async (path) => {
      const bytes = await base.readFile(where(path));
      hashes.set(path, await sha256(bytes));
      return bytes;
    },
    readRange: (path, offset, length) => base.readRange(where(path), offset, length),
    stat: (path) => base.stat(where(path)),
    list: (path) => base.list(where(path)),
    writeFile: (path, bytes) => base.writeFile(path, bytes),
    appendFile: (path, text) => base.appendFile(path, text),
    makeDir: (path) => base.makeDir(path),
    rename: (from, to) => base.rename(from, to),
    remove: (path) => base.remove(path),
    createWriter: (path) => base.createWriter(path),
    createAppender: (path) => base.createAppender(path),
    modelCache: base.modelCache,
    ownModels: base.ownModels,
  };
  return { fs, hashes };
}
