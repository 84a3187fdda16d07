import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import process from 'node:process';
import { findPackage } from './bundled.ts';

/** Why a path cannot be started as a program (`is a folder`), or null when it can. A folder has the same permission bits. */
export function whyNotExecutable(path: string): string | null {
  try {
    const found = statSync(path);
    if (found.isDirectory()) return 'is a folder';
    if (!found.isFile()) return 'is not a file';
    accessSync(path, constants.X_OK);
    return null;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : 'is not executable';
  }
}

/** Whether a file is there and may be executed. */
export function isExecutable(path: string): boolean {
  return whyNotExecutable(path) === null;
}

/** The first executable of this name in `PATH`, or null. */
export function inPath(name: string): string | null {
  const file = process.platform === 'win32' ? `${name}.exe` : name;
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    if (folder && isExecutable(join(folder, file))) return join(folder, file);
  }
  return null;
}

/** The npm package that holds Deno's binary for this machine; it is there even when no install script has run. */
function denoPackage(): string {
  const libc = process.platform === 'linux' ? '-glibc' : '';
  return `@deno/${process.platform}-${process.arch}${libc}`;
}

/** Deno's executable: `FUSIONCLIP_DENO`, npm's package, `PATH`; null when there is none. */
export function findDeno(): string | null {
  if (process.env.FUSIONCLIP_DENO)
    return isExecutable(process.env.FUSIONCLIP_DENO) ? process.env.FUSIONCLIP_DENO : null;
  const folder = findPackage(denoPackage());
  const binary = folder && join(folder, process.platform === 'win32' ? 'deno.exe' : 'deno');
  return binary && existsSync(binary) ? binary : inPath('deno');
}

/** Why {@link findDeno} finds nothing, as the first half of a sentence. */
export function whyNoDeno(): string {
  const wish = process.env.FUSIONCLIP_DENO;
  const why = wish && whyNotExecutable(wish);
  return why ? `FUSIONCLIP_DENO names ${wish}, which ${why}` : 'Deno was not found';
}

/** Node's executable: this process's own, or in Deno the one that started it, or whatever `node` is in `PATH`. */
export function nodePath(): string {
  if (!('Deno' in globalThis)) return process.execPath;
  return process.env.FUSIONCLIP_NODE ?? 'node';
}
