import type { FileSystem } from './file_system.ts';

/** All that a file system can have: one that gains a method does not compile without it here. */
const MEMBERS = Object.keys({
  ...{ readFile: true, readRange: true, stat: true, list: true },
  ...{ writeFile: true, appendFile: true, makeDir: true, rename: true, remove: true },
  ...{ createWriter: true, createAppender: true, lock: true, link: true },
  ...{ realPath: true, absolutePath: true, secret: true, modelCache: true, ownModels: true },
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
