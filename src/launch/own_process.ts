import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { type Driver, findDriver } from './drivers.ts';

/** `RTLD_NODELETE` of Linux, which Node does not name: the library stays when Node finds that it is no addon. */
const NO_DELETE = 0x1000;

interface DenoLike {
  dlopen(path: string, symbols: Record<string, never>): unknown;
}

/**
 * Gives this process the Vulkan driver that the launcher would start it with. Vulkan's loader and Deno read these variables
 * when the first adapter is asked for, so they still count if none was. `LD_LIBRARY_PATH` alone is read when a process starts:
 * in its place the loader that it leads to is opened, and whoever asks for it by its name gets that one.
 * @throws FusionclipError as `findDriver`
 */
export function useDriver(runtime: 'deno' | 'node', choice?: string): Driver {
  const driver = findDriver(runtime, choice);
  const { LD_LIBRARY_PATH: libraries, ...env } = driver.env;
  Object.assign(process.env, env);
  if (libraries && libraries !== process.env.LD_LIBRARY_PATH) openLoader(libraries.split(':')[0]);
  return driver;
}

function openLoader(folder: string): void {
  const path = join(folder, 'libvulkan.so.1');
  if (!existsSync(path)) return;
  const { Deno } = globalThis as { Deno?: DenoLike };
  if (Deno) {
    Deno.dlopen(path, {});
    return;
  }
  try {
    process.dlopen({ exports: {} }, path, constants.dlopen.RTLD_NOW | NO_DELETE);
  } catch {
    // It is no addon of Node, which is what Node says; it is open all the same.
  }
}
