import { spawn } from 'node:child_process';
import process from 'node:process';

/**
 * Waits for the end of its input, which comes with the end of whoever holds the other end of the pipe; then kills the
 * process group that it was told of, and removes a folder until nothing is written to it any more.
 */
const SCRIPT = `
read group
cat > /dev/null
if [ -n "$group" ]; then sleep 0.5; kill -9 -- "-$group" 2> /dev/null; fi
gone=0
for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
  if [ -e "$FUSIONCLIP_GUARDED" ]; then rm -rf "$FUSIONCLIP_GUARDED"; gone=0; else gone=$((gone + 1)); fi
  if [ $gone -ge 4 ]; then break; fi
  sleep 0.2
done`;

/** What is to be cleaned up when this process is killed and can do it no more. */
export interface Guard {
  /** Adds a process group, by the process that leads it. */
  watch(group: number): void;
  /** Ends the guard: all is cleaned up. */
  dismiss(): Promise<void>;
}

/** Has a folder removed when this process is killed; not on Windows, where there is no shell for it. */
export function guardFolder(folder: string): Guard {
  if (process.platform === 'win32') return { watch() {}, dismiss: async () => {} };
  const child = spawn('/bin/sh', ['-c', SCRIPT], {
    // In a variable: whoever looks for processes by the folder's name means others.
    env: { PATH: process.env.PATH, FUSIONCLIP_GUARDED: folder },
    stdio: ['pipe', 'ignore', 'ignore'],
    // What the terminal sends to this process's group shall not end it.
    detached: true,
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  child.stdin?.on('error', () => {}); // it was killed itself
  return {
    watch: (group) => void child.stdin?.write(`${group}\n`),
    async dismiss() {
      try {
        if (child.pid) process.kill(-child.pid, 'SIGKILL');
      } catch {} // it has ended
      await ended;
    },
  };
}
