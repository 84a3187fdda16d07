import { readdirSync, readFileSync } from 'node:fs';

/** Variable by which the processes of one start are found, whoever has adopted them. */
export const MARK = 'FUSIONCLIP_TORTURE';

/** A process of a start. */
export interface Found {
  readonly pid: number;
  readonly line: string;
}

/** Processes that live and have a mark in their environment. */
export function marked(mark: string): Found[] {
  const found: Found[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${MARK}=${mark}`)) continue;
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      if (line !== '') found.push({ pid: Number(name), line });
    } catch {
      // Ended meanwhile, or another user's.
    }
  }
  return found;
}

/** The process that computes: Deno or Node behind the launcher, or the browser that holds the page. */
export function engineOf(mark: string, launcher: number): Found | undefined {
  const others = marked(mark).filter(({ pid }) => pid !== launcher);
  const browser = others.find(({ line }) => line.includes('--user-data-dir=') && !line.includes('--type='));
  return browser ?? others.find(({ line }) => /\bcli\.js\b|\bacts\.js\b/.test(line));
}

/** The process of a browser that talks to the GPU. */
export function gpuProcessOf(mark: string): Found | undefined {
  return marked(mark).find(({ line }) => line.includes('--type=gpu-process'));
}

/** Waits until something holds, for at most so many milliseconds. */
export async function until(holds: () => boolean, patience: number): Promise<boolean> {
  for (const end = Date.now() + patience; Date.now() < end; ) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return holds();
}
