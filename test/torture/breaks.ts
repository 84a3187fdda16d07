import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { engineOf, gpuProcessOf } from './processes.ts';

/** A started command at the moment when it is broken off. */
export interface Moment {
  readonly mark: string;
  readonly child: ChildProcess;
  /** Folder that holds the run's own. */
  readonly place: string;
  /** The command line that goes on with the run. */
  readonly resume: readonly string[];
}

/** A way to break a training off. */
export interface Break {
  readonly name: string;
  /** Codes that the launcher may end with; null when it is killed itself. Whoever was done before ends with 0. */
  readonly codes: readonly (number | null)[];
  /** What it says on standard error, unless it was done before. */
  readonly says: RegExp | null;
  /** Where alone it can be. */
  readonly runtimes?: readonly string[];
  strike(moment: Moment): Promise<void> | void;
  /** Takes away what has broken it. */
  mend?(place: string): void;
}

const INTERRUPTED = /Interrupted.*(go on with|begin with) fusionclip train --resume|nothing was left half written/;
const send = (signal: NodeJS.Signals) => (moment: Moment) => void moment.child.kill(signal);

/** Kills a process, unless it has ended. */
export function kill(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {} // it was quicker
}

/** How large the disk of {@link fullDisk} is, in MiB: some runs' worth. */
export const DISK = 16;

export const BREAKS: readonly Break[] = [
  {
    name: 'engine killed',
    codes: [20],
    says: /(was ended by SIGKILL|the browser has ended|the page has).*(go on with fusionclip train --resume|run it again|run is finished)/,
    strike: ({ mark, child }) => kill(engineOf(mark, child.pid!)?.pid),
  },
  { name: 'launcher killed', codes: [null], says: null, strike: send('SIGKILL') },
  { name: 'SIGTERM', codes: [130, 143], says: INTERRUPTED, strike: send('SIGTERM') },
  { name: 'SIGHUP', codes: [130, 129], says: INTERRUPTED, strike: send('SIGHUP') },
  {
    name: 'SIGINT twice',
    codes: [130],
    says: INTERRUPTED,
    async strike({ child }) {
      child.kill('SIGINT');
      await new Promise((resolve) => setTimeout(resolve, 150));
      child.kill('SIGINT');
    },
  },
  {
    name: 'output closed',
    codes: [],
    says: null,
    strike({ child }) {
      child.stdout?.destroy();
      child.stderr?.destroy();
    },
  },
  {
    name: 'disk full',
    codes: [9],
    says: /the disk is full.*ENOSPC|no space left/i,
    strike: ({ place }) => fill(place),
    mend: (place) => rmSync(join(place, 'ballast'), { force: true }),
  },
  {
    name: 'GPU process killed',
    codes: [],
    says: null,
    runtimes: ['chrome'],
    strike: ({ mark }) => kill(gpuProcessOf(mark)?.pid),
  },
  { name: 'resumed beside', codes: [], says: null, strike: beside },
];

/** Starts a second process on the same run, which has to be refused. */
async function beside({ child, resume, mark }: Moment): Promise<void> {
  const env = { ...process.env, FUSIONCLIP_TORTURE: mark };
  const second = spawn(process.execPath, resume, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  second.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const code = await new Promise((resolve) => second.once('close', resolve));
  // It may have come before the first file or after the last one.
  const done = child.exitCode !== null || /finished run|There is no run in/.test(said);
  if (!done && !(code === 2 && /Process \d+ on .* writes to this folder/.test(said))) {
    throw new Error(`a second process on a running run ended with ${code}: ${said.slice(-500)}`);
  }
}

/** Writes until there is no room. */
function fill(place: string): void {
  const chunk = new Uint8Array(4096);
  const ballast = join(place, 'ballast');
  try {
    writeFileSync(ballast, chunk);
    for (;;) writeFileSync(ballast, chunk, { flag: 'a' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOSPC') throw error;
  }
}

/** A folder with a disk of its own, or null where this user may not have one. */
export function fullDisk(folder: string): string | null {
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}m`, 'tmpfs', folder]);
  return status === 0 ? folder : null;
}

/** Takes the disk away. */
export function unmount(folder: string): void {
  spawnSync('umount', ['-l', folder]);
}
