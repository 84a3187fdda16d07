import { execFile, spawn } from 'node:child_process';
import process from 'node:process';
import { promisify } from 'node:util';
import type { RuntimeReport } from '../host/host.ts';
import { LEASH } from '../host/leash.ts';
import { browsers } from './browsers.ts';
import { findPackage } from './bundled.ts';
import { type Bundle, launch } from './launch.ts';
import { findDeno, nodePath, whyNoDeno } from './runtimes.ts';

const RUNTIMES = ['deno', 'node', 'chrome'] as const;

/** Milliseconds that a runtime gets to answer. */
const PATIENCE = 60_000;

async function versionOf(executable: string, flag = '--version'): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(executable, [flag], { timeout: 20_000 });
    return /\d+\.\d+[\d.]*/.exec(stdout)?.[0] ?? null;
  } catch {
    return null;
  }
}

/** Where a runtime is, and what is missing if it is not there. */
async function locate(
  name: RuntimeReport['name'],
): Promise<{ path: string | null; version: string | null; hint: string }> {
  if (name === 'node') {
    const hint = findPackage('webgpu') ? '' : 'npm\'s "webgpu" is missing; install it with "npm install webgpu"';
    const path = nodePath();
    const version = await versionOf(path);
    return { path: version && !hint ? path : null, version, hint: hint || 'Node was not found; install it' };
  }
  if (name === 'deno') {
    const path = findDeno();
    return {
      path,
      version: path && (await versionOf(path)),
      hint: `${whyNoDeno()}; install it with "npm install deno"`,
    };
  }
  if (!findPackage('puppeteer-core')) {
    const hint = 'puppeteer-core is missing; install it with "npm install puppeteer-core"';
    return { path: null, version: null, hint };
  }
  const [first] = browsers();
  return { path: first?.executable ?? null, version: null, hint: 'no Chrome or Chromium was found; install one' };
}

/** What a started program wrote. */
interface Answer {
  stdout: string;
  stderr: string;
  code: number;
}

/** The environment without what the launcher of this program has set for its driver. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  const before = JSON.parse(env.FUSIONCLIP_OUTER_ENV ?? '{}') as Record<string, string | null>;
  for (const [name, value] of Object.entries(before)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  for (const name of ['FUSIONCLIP_OUTER_ENV', 'FUSIONCLIP_DRIVER_NOTE', 'FUSIONCLIP_RUNTIME', 'FUSIONCLIP_ADAPTER'])
    delete env[name];
  return env;
}

/**
 * Starts the program in a runtime. The launcher that drives Chrome runs in Node only, so a program that runs in Deno
 * has the command itself started, which is what its user would do.
 */
async function ask(
  name: RuntimeReport['name'],
  bundle: Bundle,
  args: readonly string[],
  signal: AbortSignal,
): Promise<Answer> {
  const answer: Answer = { stdout: '', stderr: '', code: 0 };
  const onStdout = (text: string): void => {
    answer.stdout += text;
  };
  const onStderr = (text: string): void => {
    answer.stderr += text;
  };
  if (bundle.command) {
    const child = spawn(nodePath(), [...bundle.command, '--runtime', name, ...args], {
      env: { ...outerEnvironment(), [LEASH]: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8').on('data', onStdout);
    child.stderr.setEncoding('utf8').on('data', onStderr);
    // The launcher ends its program when it gets SIGTERM the first time or, if that hangs, the third time.
    const stop = (): void => {
      for (const delay of [0, 1000, 2000]) setTimeout(() => child.kill('SIGTERM'), delay);
    };
    signal.addEventListener('abort', stop);
    answer.code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve(code ?? 1));
    });
    signal.removeEventListener('abort', stop);
  } else {
    answer.code = await launch(name, bundle, args, { signal, onStdout, onStderr });
  }
  return answer;
}

async function probe(name: RuntimeReport['name'], bundle: Bundle, args: readonly string[]): Promise<RuntimeReport> {
  const report = { name, found: false, path: null, version: null, answer: null, error: null };
  try {
    const { path, version, hint } = await locate(name);
    if (!path) return { ...report, version, error: hint };
    const found = { ...report, found: true, path, version };
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), PATIENCE);
    const { stdout, stderr, code } = await ask(name, bundle, args, late.signal).finally(() => clearTimeout(timer));
    if (late.signal.aborted) return { ...found, error: `no answer after ${PATIENCE / 1000} s` };
    const line = stdout.trim().split('\n').pop() ?? '';
    try {
      return { ...found, answer: JSON.parse(line) };
    } catch {
      return { ...found, error: `exit code ${code}: ${(stderr || stdout).trim().slice(-500) || 'no output'}` };
    }
  } catch (error) {
    return { ...report, error: error instanceof Error ? error.message : String(error) };
  }
}

/**
 * Starts a program in each runtime that is there, one after the other, and collects the JSON that each writes in its
 * last line of output. Never throws: what went wrong is in the report.
 */
export async function probeRuntimes(bundle: Bundle, args: readonly string[]): Promise<RuntimeReport[]> {
  const reports: RuntimeReport[] = [];
  for (const name of RUNTIMES) reports.push(await probe(name, bundle, args));
  return reports;
}
