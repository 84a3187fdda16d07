import { spawn } from 'node:child_process';
import process from 'node:process';
import type { Another } from '../host/host.ts';
import { LEASH } from '../host/leash.ts';
import { linesOf } from '../host/lines.ts';
import { DENO_FLAGS } from './launch.ts';

/** Variables that are for the process that has them alone. */
const SECRET = /^FUSIONCLIP_REDIS/;

/**
 * Starts a script in the runtime, and with the driver, that this process has. It ends when this process is gone, however that ended,
 * and knows no password of the queue.
 */
export function startAnother(script: string, args: readonly string[]): Another {
  const flags = 'Deno' in globalThis ? DENO_FLAGS : process.execArgv;
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRET.test(name)));
  const child = spawn(process.execPath, [...flags, script, ...args], {
    env: { ...env, [LEASH]: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {}); // it has ended, which `ended` tells
  const ended = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(1));
    child.once('close', (code) => resolve(code));
  });
  return {
    lines: linesOf(child.stdout),
    ended,
    send: (line) => void child.stdin.write(`${line}\n`),
    kill: () => void child.kill('SIGKILL'),
  };
}
