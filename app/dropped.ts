import type { GivenFile } from './protocol/images.ts';

/** What was dropped or picked: files with their paths, and the folder they have in common. */
export interface Given {
  /** Name of the one folder that holds everything, or null. */
  readonly folder: string | null;
  /** Paths are relative to that folder, if there is one. */
  readonly files: readonly GivenFile[];
}

/** The files of a drop, those of dropped folders at any depth. */
export async function droppedFiles(transfer: DataTransfer): Promise<Given> {
  const files: GivenFile[] = [];
  // What was dropped is gone after the first await, so all of it is asked for at once.
  const items = [...transfer.items].filter(({ kind }) => kind === 'file') as HandleItem[];
  // Chrome reads no entry that was dropped on a page from disk.
  if (location.protocol === 'file:' && items.every((item) => item.getAsFileSystemHandle)) {
    const handles = await Promise.all(items.map((item) => item.getAsFileSystemHandle!()));
    for (const handle of handles) if (handle) await collectHandle(handle, '', files);
    return given(files);
  }
  const entries = items.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  for (const entry of entries) await collect(entry, files);
  return given(files);
}

/** The files of an input, which may choose folders (`webkitdirectory`) or files. */
export function pickedFiles({ files }: HTMLInputElement): Given {
  return given([...(files ?? [])].map((blob) => ({ path: blob.webkitRelativePath || blob.name, blob })));
}

/** TypeScript's library does not know these yet. */
type HandleItem = DataTransferItem & { getAsFileSystemHandle?(): Promise<FileSystemHandle | null> };
type Folder = FileSystemDirectoryHandle & { values(): AsyncIterable<FileSystemHandle> };

async function collectHandle(handle: FileSystemHandle, below: string, into: GivenFile[]): Promise<void> {
  const path = below + handle.name;
  if (handle.kind === 'file') into.push({ path, blob: await (handle as FileSystemFileHandle).getFile() });
  else for await (const each of (handle as Folder).values()) await collectHandle(each, `${path}/`, into);
}

async function collect(entry: FileSystemEntry, into: GivenFile[]): Promise<void> {
  if (entry.isFile) {
    const blob = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    into.push({ path: entry.fullPath.replace(/^\//, ''), blob });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A folder is told in parts; an empty one ends it.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (part.length === 0) return;
    for (const each of part) await collect(each, into);
  }
}

function given(all: readonly GivenFile[]): Given {
  const files = all.filter(({ path }) => !path.split('/').some((part) => part.startsWith('.')));
  const [first] = files[0]?.path.split('/') ?? [];
  const common = files.length > 0 && files.every(({ path }) => path.startsWith(`${first}/`));
  if (!common) return { folder: null, files };
  return { folder: first, files: files.map(({ path, blob }) => ({ path: path.slice(first.length + 1), blob })) };
}
