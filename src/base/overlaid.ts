import type { FileSystem } from './file_system.ts';

/** All that a file system can have: one that gains a method does not compile without it here. */
const MEMBERS = Object.keys({
  ...{ readFile: true, readRange: true, stat: true, list: true },
  ...{ writeFile: true, appendFile: true, makeDir: true, rename: true, remove: true },
  ...{ createWriter: true, createAppender: true, lock: true, link: true },
  ...{ realPath: true, absolutePath: true, forget: true, secret: true, modelCache: true, ownModels: true },
} satisfies Record<keyof FileSystem, true>) as (keyof FileSystem)[];

/** A file system that is `base` but for what stands in `own`; undefined there takes an optional member away. */
export function overlaid(base: FileSystem, own: Partial<FileSystem>): FileSystem {
  const members = MEMBERS.map((name) => {
    const member = base[name];
    return [name, typeof member === 'function' ? member.bind(base) : member] as const;
  });
  return {
    ...(Object.fromEntries(members.filter(([, member]) => member !== undefined)) as unknown as FileSystem),
    ...own,
  };
}

/** What can be read of a place that is not on the disk. */
export type Reads = Pick<FileSystem, 'readFile' | 'readRange' | 'stat' | 'list'> & {
  /** The one path of a place, for locks and comparisons. */
  readonly realPath: (path: string) => Promise<string>;
};

/**
 * A file system in which some paths are a place elsewhere that can be read and not written.
 * @param isThere which paths are
 * @param refuse says what can be done in place of writing, and throws
 */
export function readingFrom(
  base: FileSystem,
  isThere: (path: string) => boolean,
  there: Reads,
  refuse: (path: string) => never,
): FileSystem {
  const read =
    <A extends unknown[], R>(elsewhere: (path: string, ...rest: A) => R, here: (path: string, ...rest: A) => R) =>
    (path: string, ...rest: A): R =>
      isThere(path) ? elsewhere(path, ...rest) : here.call(base, path, ...rest);
  const write =
    <A extends unknown[], R>(here: (path: string, ...rest: A) => Promise<R>) =>
    async (path: string, ...rest: A): Promise<R> =>
      isThere(path) ? refuse(path) : here.call(base, path, ...rest);
  const { lock, link, realPath, absolutePath } = base;
  return overlaid(base, {
    readFile: read(there.readFile, base.readFile),
    readRange: read(there.readRange, base.readRange),
    stat: read(there.stat, base.stat),
    list: read(there.list, base.list),
    writeFile: write(base.writeFile),
    appendFile: write(base.appendFile),
    makeDir: write(base.makeDir),
    remove: write(base.remove),
    createWriter: write(base.createWriter),
    createAppender: write(base.createAppender),
    rename: async (path, to) =>
      isThere(path) || isThere(to) ? refuse(isThere(path) ? path : to) : base.rename(path, to),
    lock: lock && write(lock),
    link: link && (async (target, path) => (isThere(path) ? refuse(path) : link.call(base, target, path))),
    realPath: realPath && read(there.realPath, realPath),
    absolutePath: absolutePath && read(async (path) => path, absolutePath),
  });
}
