/**
 * `npm run suites -- [--runtime deno|node|chrome] [--driver d] [--junit FILE] [pattern …]`: runs suites with a line per case. In Deno
 * they run straight from the sources: a pattern selects the suite files whose path contains it, and one that is in no path
 * the cases whose name contains it. Node and Chrome get a fresh build, and one pattern for the cases' names.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findDriver } from '../src/launch/drivers.ts';
import { findDeno } from '../src/launch/runtimes.ts';
import { JUnitLines } from '../test/harness/junit_lines.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const patterns = process.argv.slice(2);

function take(name: string): string | undefined {
  const at = patterns.indexOf(name);
  return at < 0 ? undefined : patterns.splice(at, 2)[1];
}

/** Milliseconds without a line after which a case counts as hung: its own limit of 60 s does not stop a busy loop. */
const SILENCE = 120_000;

async function run(command: string, args: string[], env: Record<string, string> = {}): Promise<number> {
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  const alive = (): void => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => {
      console.log(`killed: nothing was printed for ${SILENCE / 1000} s\n0 passed, 1 failed`);
      child.kill('SIGKILL');
    }, SILENCE);
  };
  alive();
  child.stdout.on('data', (bytes: Uint8Array) => {
    alive();
    junit.push(decoder.decode(bytes, { stream: true }));
    process.stdout.write(bytes);
  });
  process.on('SIGINT', () => {});
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      if (signal) console.error(`${command} was ended by ${signal}`);
      resolve(code ?? 1);
    });
  });
}

const runtime = take('--runtime') ?? 'deno';
const choice = take('--driver');
const file = take('--junit');
const junit = new JUnitLines(`suites in ${runtime}`);
const decoder = new TextDecoder();
let code: number;
if (runtime === 'deno') {
  const deno = findDeno();
  if (!deno) throw new Error('Deno was not found; run "npm ci".');
  const driver = findDriver('deno', choice);
  console.error(`deno, ${driver.note}`);
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet'];
  code = await run(
    deno,
    [...flags, join(root, 'test/runtimes/direct.ts'), ...patterns],
    driver.env as Record<string, string>,
  );
} else {
  code = await run('node', ['scripts/build.mjs', 'tools', 'suites', 'suites_page']);
  const more = choice ? ['--driver', choice] : [];
  if (code === 0) code = await run('node', ['dist/test/run.js', runtime, ...more, ...patterns]);
}
if (file) {
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, junit.xml());
}
process.exit(code);
