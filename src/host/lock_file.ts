import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import process from 'node:process';
import { FusionclipError } from '../base/errors.ts';
import type { FileLock } from '../base/file_system.ts';

/** What a lock file says of its holder. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the lock was taken. */
  readonly since: string;
  /** When the process itself began, where the system tells: a number may belong to another process by now. */
  readonly began: string | null;
}

/** Milliseconds for which a holder is waited for: one whose launcher was killed is about to end. */
const PATIENCE = 3000;
const PAUSE = 100;

/** Milliseconds in which the writer of a lock file that cannot be read must have finished it. */
const WRITING = 1000;

/**
 * Makes a lock file, which names this process; one of a process that is gone is taken over.
 * @throws FusionclipError `usage` when the holder lives, or may live on another machine
 */
export async function lockFile(path: string): Promise<FileLock> {
  const own: Holder = {
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
    began: beganAt(process.pid),
  };
  const text = `${JSON.stringify(own)}\n`;
  let abandonedBy: string | null = null;
  const late = performance.now() + PATIENCE;
  let unreadableSince: number | null = null;
  while (!(await createFile(path, text))) {
    const found = await fs.readFile(path, 'utf8').catch(() => null);
    if (found === null) continue; // it was given back meanwhile
    const holder = parseHolder(found);
    if (!holder) unreadableSince ??= performance.now();
    const gone = holder ? isGone(holder) : performance.now() - unreadableSince! > WRITING;
    if (gone) {
      if (await removeStale(path, found)) abandonedBy = holder ? nameOf(holder) : 'A process';
    } else if (holder && (holder.host !== own.host || holder.pid === own.pid || performance.now() > late)) {
      throw heldBy(holder, own, path);
    }
    if (!gone) await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  return {
    abandonedBy,
    // A folder that was removed and made anew by another process has another's lock.
    release: async (folder) => {
      if ((await fs.readFile(path, 'utf8').catch(() => null)) === text) await fs.rm(path, { force: true });
      if (folder) await fs.rmdir(dirname(path)).catch(() => {}); // others have put something there
    },
  };
}

/** Makes a file that is not there; false when it is. */
async function createFile(path: string, text: string): Promise<boolean> {
  try {
    await fs.writeFile(path, text, { flag: 'wx' });
    return true;
  } catch (cause) {
    if ((cause as { code?: string }).code === 'EEXIST') return false;
    // Half a lock, on a full disk, would hold off the next one.
    if ((cause as { code?: string }).code === 'ENOSPC') await fs.rm(path, { force: true });
    throw cause;
  }
}

/** Removes a stale lock, unless another process has done so and has its own there: that one is put back. */
async function removeStale(path: string, text: string): Promise<boolean> {
  const aside = `${path}.${randomUUID().slice(0, 8)}`;
  try {
    await fs.rename(path, aside);
  } catch {
    return false; // another process was quicker
  }
  const stale = (await fs.readFile(aside, 'utf8')) === text;
  if (!stale) await fs.link(aside, path).catch(() => {});
  await fs.rm(aside, { force: true });
  return stale;
}

function parseHolder(text: string): Holder | null {
  try {
    const { pid, host, since, began } = JSON.parse(text) as Holder;
    if (!Number.isSafeInteger(pid) || pid <= 0 || typeof host !== 'string' || typeof since !== 'string') return null;
    return { pid, host, since, began: began ?? null };
  } catch {
    return null;
  }
}

/** Whether the process is known to have ended. */
function isGone({ pid, host, began }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
  } catch (cause) {
    // Another user's process lives, too.
    if ((cause as { code?: string }).code === 'ESRCH') return true;
  }
  const now = beganAt(pid);
  return began !== null && now !== null && now !== began;
}

/** When a process began, as a text that no other process of this number has; null where the system does not tell. */
function beganAt(pid: number): string | null {
  if (!existsSync('/proc/self/stat')) return null;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A process that has ended and waits for its parent to notice writes no more.
    if (fields[0] === 'Z' || fields[0] === 'X') return 'ended';
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot} ${fields[19]}`;
  } catch {
    return null;
  }
}

function nameOf({ pid, host, since }: Holder): string {
  return `Process ${pid} on ${host} (since ${since})`;
}

function heldBy(holder: Holder, own: Holder, path: string): FusionclipError {
  const far = holder.host !== own.host;
  const advice = far
    ? `if it has ended there, remove ${path}`
    : 'wait for it or stop it, or give another folder with --out';
  return new FusionclipError('usage', `${nameOf(holder)} writes to this folder (${path}); ${advice}.`);
}
