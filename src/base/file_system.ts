/**
 * What lies at a path. `special`: a FIFO, a socket or a device, which is never read; `broken`: a link that leads nowhere
 * or round in a circle.
 */
export type EntryKind = 'file' | 'directory' | 'special' | 'broken';

/** An entry of a folder. */
export interface Entry {
  readonly name: string;
  /** Of what a link leads to, if it is one. */
  readonly kind: EntryKind;
  /** Whether it is a symbolic link. */
  readonly link?: boolean;
}

/** The files a program may touch. The hosts implement it over disk; a page implements it over dropped files. */
export interface FileSystem {
  /** Whole file, in an array that is the caller's own to write over. Throws `FusionclipError('io')` when it does not exist or cannot be read. */
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  /** `length` bytes from `offset`; shorter only at the end of the file. */
  readRange(path: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Kind and size in bytes, or null when nothing is there. */
  stat(path: string): Promise<{ kind: EntryKind; bytes: number } | null>;
  /** Entries of a folder, sorted by name (code-unit order). */
  list(path: string): Promise<Entry[]>;
  /** Writes to a temporary name beside `path` and renames it, so `path` is whole or untouched; makes parent folders. */
  writeFile(path: string, bytes: Uint8Array | string): Promise<void>;
  /** Appends text, making the file and its parents when needed. */
  appendFile(path: string, text: string): Promise<void>;
  /** Makes a folder and its parents; no error when it exists. */
  makeDir(path: string): Promise<void>;
  /** Renames a file or a folder; a folder that holds something is never replaced. */
  rename(from: string, to: string): Promise<void>;
  /** Removes a file or a folder with all it holds; no error when it does not exist. */
  remove(path: string): Promise<void>;
  /** A sequential writer for large files with the same atomicity as `writeFile`. */
  createWriter(path: string): Promise<FileWriter>;
  /**
   * A writer that adds to the end of a file, which it makes when there is none. What was written stays, whether it is
   * closed or aborted: the beginning of a download that goes on later.
   */
  createAppender(path: string): Promise<FileWriter>;
  /**
   * Makes a lock file that says which process holds it; one whose process is gone is taken over. Not where no other
   * process can come near the files.
   * @throws FusionclipError `usage` when a living process holds it
   */
  lock?(path: string): Promise<FileLock>;
  /** The one path of what lies there, all links followed; where there are no links, paths are their own. */
  realPath?(path: string): Promise<string>;
  /** The path from the root, links not followed; without it the working folder has no name. */
  absolutePath?(path: string): Promise<string>;
  /** Makes `path` a symbolic link to `target`, which is relative to its folder; only where there are links. */
  link?(target: string, path: string): Promise<void>;
  /** Drops what is held in memory of a folder that is a place elsewhere; it is fetched again when it is read. */
  forget?(path: string): void;
  /** What names of patients are hashed with, and nobody is told; without it names are good for one run. */
  secret?(): Promise<string>;
  /** The folder where downloaded models lie in the layout of Hugging Face (`src/clip/model_cache.ts`), if there is one. */
  readonly modelCache?: string;
  /** The folder of the models that come with the program; each is known by its name alone. */
  readonly ownModels?: string;
}

/** Chunks go to a temporary name, unless it appends; only `close()` makes the file appear under its real name. */
export interface FileWriter {
  /** Takes the next bytes; they may be changed when this returns. */
  write(bytes: Uint8Array): Promise<void>;
  /** Renames the temporary file to its real name. */
  close(): Promise<void>;
  /** Removes the temporary file. */
  abort(): Promise<void>;
}

/** A lock file that this process holds. */
export interface FileLock {
  /** The process that held it and ended without giving it back, in words; null when there was none. */
  readonly abandonedBy: string | null;
  /** Removes the file, and with `folder` the folder that it is in when nothing else is there. */
  release(folder: boolean): Promise<void>;
}
