import { readdirSync, readFileSync } from 'node:fs';

/** Variable by which the processes of one start are found, whoever has adopted them. */
export const MARK = 'FUSIONCLIP_TORTURE';

/** Variable by which all that one torture has started is found; it holds its folder. */
export const OF = 'FUSIONCLIP_TORTURE_OF';

/** A process of a start. */
export interface Found {
  readonly pid: number;
  readonly line: string;
}

/** Processes that live and have a mark in their environment. */
export function marked(mark: string, variable = MARK): Found[] {
  const found: Found[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      if (!environment.includes(`${variable}=${mark}`)) continue;
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

/** Waits until something holds, for at most so many milliseconds; looks every so many. */
export async function until(holds: () => boolean, patience: number, every = 50): Promise<boolean> {
  for (const end = Date.now() + patience; Date.now() < end; ) {
    if (holds()) return true;
    await new Promise((resolve) => setTimeout(resolve, every));
  }
  return holds();
}

/** Milliseconds of one tick of the processes' clocks (`getconf CLK_TCK` is 100 on every Linux of today). */
const TICK = 10;

/** How often the clocks are read, in milliseconds: what a process does after the last look is not seen. */
const LOOK = 20;

/** Milliseconds of processor time that a process has taken, in all threads; null when it has ended. */
function processorTime(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * TICK;
  } catch {
    return null;
  }
}

/** Counts the processor time of the processes of a start from now on. */
export class ProcessorClock {
  readonly #before = new Map<number, number>();
  readonly #after = new Map<number, number>();
  readonly #timer: NodeJS.Timeout;

  constructor(mark: string) {
    for (const { pid } of marked(mark)) this.#before.set(pid, processorTime(pid) ?? 0);
    this.#timer = setInterval(() => this.#look(), LOOK);
  }

  #look(): void {
    for (const pid of this.#before.keys()) {
      const time = processorTime(pid);
      if (time !== null) this.#after.set(pid, time);
    }
  }

  /** Milliseconds so far. */
  stop(): number {
    clearInterval(this.#timer);
    let sum = 0;
    for (const [pid, time] of this.#after) sum += time - this.#before.get(pid)!;
    return sum;
  }
}
