import type { Entry, FileSystem } from '../base/file_system.ts';
import { overlaid } from '../base/overlaid.ts';

/**
 * A file system in which a path is a folder of these files, each made when it is read, in place of what is there. All else is as it
 * was, and what is written below that path goes where it would have gone.
 */
export function shownAs(
  base: FileSystem,
  root: string,
  files: ReadonlyMap<string, () => Promise<Uint8Array<ArrayBuffer>>>,
): FileSystem {
  const start = root.replace(/\/+$/, '');
  /** The path below the folder, or null outside of it. */
  const below = (path: string): string | null => {
    const clean = path.replace(/\/+$/, '');
    if (clean === start) return '';
    return clean.startsWith(`${start}/`) ? clean.slice(start.length + 1) : null;
  };
  const folders = new Map<string, Map<string, Entry>>([['', new Map()]]);
  for (const path of files.keys()) {
    const parts = path.split('/');
    for (const [i, name] of parts.entries()) {
      const folder = parts.slice(0, i).join('/');
      const entries = folders.get(folder) ?? new Map<string, Entry>();
      folders.set(folder, entries);
      entries.set(name, { name, kind: i === parts.length - 1 ? 'file' : 'directory' });
    }
  }
  const read = (path: string) => {
    const own = below(path);
    return own === null ? undefined : files.get(own);
  };
  const inside = (path: string) => {
    const own = below(path);
    return own !== null && (folders.has(own) || files.has(own));
  };
  return overlaid(base, {
    readFile: async (path) => (await read(path)?.()) ?? base.readFile(path),
    readRange: async (path, at, length) =>
      (await read(path)?.())?.slice(at, at + length) ?? base.readRange(path, at, length),
    stat: async (path) => {
      const own = below(path);
      if (own !== null && folders.has(own)) return { kind: 'directory', bytes: 0 };
      return own !== null && files.has(own) ? { kind: 'file', bytes: 0 } : base.stat(path);
    },
    list: async (path) => {
      const entries = folders.get(below(path) ?? '\0');
      if (!entries) return base.list(path);
      return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    realPath: base.realPath && (async (path) => (inside(path) ? path.replace(/\/+$/, '') : base.realPath!(path))),
  });
}
