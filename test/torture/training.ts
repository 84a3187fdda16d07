import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import process from 'node:process';
import type { Break } from './breaks.ts';
import { MARK, marked, until } from './processes.ts';

/** The working folder is the repository. */
const BIN = resolve('bin/fusionclip.mjs');

/** Milliseconds that one command may take, and in which all of its processes have to be gone after it. */
const LIMIT = 240_000;
const GONE = 20_000;

/** A training that is broken off again and again. */
export interface Training {
  readonly runtime: string;
  /** Folder of the set, the model file, and the folder for temporary files of what is started. */
  readonly data: string;
  readonly model: string;
  readonly scratch: string;
}

/** How a command ended. */
interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly lines: number;
}

let count = 0;

/** Starts a command; `strike` is called when so many lines were said and some more milliseconds are over. */
async function command(
  { runtime, scratch }: Training,
  args: readonly string[],
  strike?: {
    readonly line: number;
    readonly delay: number;
    readonly at: (mark: string, child: ReturnType<typeof spawn>) => unknown;
  },
): Promise<Ended & { readonly mark: string }> {
  const mark = `${process.pid}.${count++}`;
  const child = spawn(process.execPath, [BIN, '--runtime', runtime, ...args], {
    env: { ...process.env, TMPDIR: scratch, [MARK]: mark, FUSIONCLIP_RUNTIME: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  let lines = 0;
  let struck: Promise<unknown> | null = null;
  const look = () => {
    if (!strike || struck || lines < strike.line) return;
    struck = new Promise((resolve) => setTimeout(resolve, strike.delay)).then(() => strike.at(mark, child));
    struck.catch(() => {});
  };
  look();
  child.stdout?.resume();
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    lines = stderr.split('\n').length - 1;
    look();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT);
  const code = await new Promise<number | null>((resolve) => child.once('exit', (value) => resolve(value)));
  clearTimeout(timer);
  await struck;
  await new Promise((resolve) => setTimeout(resolve, 50)); // the last words
  return { mark, code, stderr, lines };
}

const trainArgs = ({ data, model }: Training, out: string) => [
  ...['train', '--data', data, '--model', model, '--out', out, '--size', '42', '--shots', '2', '--aug', 'none'],
  ...['--epochs', '4', '--batch', '2', '--prompt.nctx', '2', '--eval.every', '2', '--checkpoint.every', '3'],
];
const resumeArgs = (out: string) => ['train', '--resume', '--out', out];

/** What a run leaves, by path; without what depends on the clock. */
export function resultOf(run: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const name of readdirSync(run, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(run, name);
    // The report tells times, and so does the log; env.json is about them.
    if (statSync(path).isDirectory() || ['env.json', 'report.html'].includes(name)) continue;
    const bytes = readFileSync(path);
    const text = name === 'metrics.jsonl' ? timeless(bytes.toString('utf8')) : bytes.toString('latin1');
    files.set(name, text);
  }
  return files;
}

function timeless(log: string): string {
  return log.replaceAll(/"(seconds|etaSeconds)":[^,}]*/g, '');
}

/** An unbroken training: its result, and how many lines it said. */
export async function unbroken(
  training: Training,
  out: string,
): Promise<{ result: Map<string, string>; lines: number }> {
  const { code, stderr, lines } = await command(training, trainArgs(training, out));
  if (code !== 0) throw new Error(`the unbroken training ended with ${code}: ${stderr.slice(-800)}`);
  return { result: resultOf(out), lines };
}

/**
 * Breaks a training off at a moment, goes on with it, and looks at what is left.
 * @returns what was wrong, or null
 */
export async function broken(
  training: Training,
  way: Break,
  place: string,
  whole: ReadonlyMap<string, string>,
  moment: { readonly line: number; readonly delay: number },
): Promise<string | null> {
  mkdirSync(place, { recursive: true });
  const out = join(place, 'run');
  const resume = [BIN, '--runtime', training.runtime, ...resumeArgs(out)];
  const at = (mark: string, child: ReturnType<typeof spawn>) => way.strike({ mark, child, place, resume });
  const first = await command(training, trainArgs(training, out), { ...moment, at }).catch((error: Error) => error);
  if (first instanceof Error) return first.message;
  const { mark, code, stderr } = first;
  const tail = stderr.slice(-600);
  if (code !== 0 && !way.codes.includes(code)) return `it ended with ${code}: ${tail}`;
  if (code !== 0 && way.says && !way.says.test(stderr)) return `it did not say what to do: ${tail}`;
  if (!(await until(() => marked(mark).length === 0, GONE))) {
    return `left behind: ${marked(mark).map(({ pid, line }) => `${pid} ${line.slice(0, 120)}`)}`;
  }
  if (!(await until(() => readdirSync(training.scratch).length === 0, GONE))) {
    return `temporary files left: ${readdirSync(training.scratch)}`;
  }
  way.mend?.(place);
  if (code !== 0 && !existsSync(join(out, 'results.json'))) {
    const begun = existsSync(join(out, 'config.json'));
    const second = await command(training, begun ? resumeArgs(out) : trainArgs(training, out));
    if (second.code !== 0) return `going on ended with ${second.code}: ${second.stderr.slice(-600)}`;
  }
  const result = resultOf(out);
  for (const name of new Set([...whole.keys(), ...result.keys()])) {
    if (result.get(name) !== whole.get(name)) return `${name} ${result.has(name) ? 'differs' : 'is missing'}`;
  }
  rmSync(out, { recursive: true, force: true });
  return null;
}
