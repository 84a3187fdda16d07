/**
 * `npm run torture [-- --moments N --seed N --only KIND,… --runtime deno,node,chrome]`: breaks trainings off in every way
 * that there is, at seeded moments, goes on with them, and holds the result to that of an unbroken one, bit for bit. Devices
 * are lost in `train`, `eval`, `predict` and `pretrain`; see `docs/run_folder.md`. Prints a table; exits 1 on any failure.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { ruleStream } from '../../src/base/rule.ts';
import { writeModel, writeSet } from '../cli/program.ts';
import { BREAKS, type Break, fullDisk, kill, unmount } from './breaks.ts';
import { flippedBits, tornLogs } from './damage.ts';
import { pageLosses } from './page_losses.ts';
import { marked, OF } from './processes.ts';
import { MOMENTS, preparation, terminate } from './terminate.ts';
import { broken, type Training, unbroken } from './training.ts';

function option(name: string, fallback: string): string {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : process.argv[at + 1];
}

const started = Date.now();
const moments = Number(option('moments', '50'));
const seed = Number(option('seed', '1'));
const runtimes = option('runtime', 'deno,node,chrome').split(',');
const only = option('only', '').split(',').filter(Boolean);

/** Milliseconds within which a break follows the line that it waits for. */
const SPREAD = 200;

interface Row {
  readonly kind: string;
  readonly runtime: string;
  passed: number;
  failed: number;
}

const rows: Row[] = [];

function row(kind: string, runtime: string): Row {
  const own = rows.find((one) => one.kind === kind && one.runtime === runtime);
  if (own) return own;
  const made = { kind, runtime, passed: 0, failed: 0 };
  rows.push(made);
  return made;
}

function count(kind: string, runtime: string, where: string, problem: string | null): void {
  const own = row(kind, runtime);
  if (problem === null) own.passed++;
  else {
    own.failed++;
    console.log(`FAIL ${kind}, ${runtime}, ${where}: ${problem}`);
  }
}

/** Prints the counts and sets the exit code. */
function finish(): void {
  const line = (kind: string, runtime: string, ...cells: (string | number)[]) =>
    console.log(`${kind.padEnd(28)}${runtime.padEnd(10)}${cells.map((cell) => String(cell).padStart(8)).join('')}`);
  line('\nkind', 'runtime', 'passed', 'failed');
  for (const { kind, runtime, passed, failed } of rows) line(kind, runtime, passed, failed);
  const sum = (key: 'passed' | 'failed') => rows.reduce((total, one) => total + one[key], 0);
  const seconds = Math.round((Date.now() - started) / 1000);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, in ${seconds} s`);
  process.exitCode = sum('failed') > 0 || rows.length === 0 ? 1 : 0;
}

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-torture-'));
/** All that this starts is known by it. */
process.env[OF] = folder;

/** What was counted so far is told when this is stopped, and nothing that it has made is left. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    console.log('stopped before its end');
    const started = () => marked(folder, OF).filter(({ pid }) => pid !== process.pid);
    // At once, without a turn: what is going on here would start others.
    for (let left = started(); left.length > 0; left = started()) {
      for (const { pid } of left) kill(pid);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
    removeAll();
    finish();
    process.exit(1);
  });
}

function removeAll(): void {
  unmount(join(folder, 'place'));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

const wanted = (kind: string) => only.length === 0 || only.some((word) => kind.includes(word));

/** Devices that are destroyed inside the program. */
async function lostDevices(runtime: string): Promise<void> {
  const works = ['train', 'eval', 'predict', 'pretrain'].filter((work) => wanted(`device lost in ${work}`));
  if (works.length === 0) return;
  const args = ['losses', '--runtime', runtime, String(moments), String(seed), ...works];
  const child = spawn(process.execPath, ['dist/test/launch.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    const lines = `${text}${more}`.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines.filter(Boolean)) {
      const { work, where, problem } = JSON.parse(line);
      count(`device lost in ${work}`, runtime, where, problem);
    }
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) count('device lost', runtime, 'the program', `it ended with ${code}`);
}

/** Processes, signals and disks. */
async function breaks(training: Training, folder: string): Promise<void> {
  const { runtime } = training;
  const ways = BREAKS.filter((way) => wanted(way.name) && (!way.runtimes || way.runtimes.includes(runtime)));
  if (ways.length === 0) return;
  const whole = await unbroken(training, join(folder, runtime, 'whole'));
  for (const way of ways) await breakOff(training, folder, way, whole);
}

async function breakOff(
  training: Training,
  folder: string,
  way: Break,
  whole: Awaited<ReturnType<typeof unbroken>>,
): Promise<void> {
  const random = ruleStream(`torture.${way.name}`, seed);
  const place = join(folder, 'place');
  for (let i = 0; i < moments; i++) {
    const own = way.mend ? fullDisk(place) : place;
    if (!own) {
      console.log(`SKIPPED ${way.name}: this user may not mount a disk`);
      return;
    }
    // Line 0 is the start of the process, when nothing was said yet.
    const line = Math.floor((random(2 * i) / 2 ** 32) * whole.lines);
    const delay = Math.floor((random(2 * i + 1) / 2 ** 32) * SPREAD);
    const where = `line ${line} of ${whole.lines} + ${delay} ms`;
    try {
      count(way.name, training.runtime, where, await broken(training, way, own, whole.result, { line, delay }));
    } catch (error) {
      count(way.name, training.runtime, where, error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    if (way.mend) unmount(own);
    rmSync(place, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Whoever sends SIGTERM waits for two seconds, whatever a command is doing. */
async function terminations(runtime: string, scratch: string): Promise<void> {
  const program = [process.execPath, 'bin/fusionclip.mjs'];
  for (const args of preparation(scratch)) {
    const { status } = spawnSync(program[0], [program[1], ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
    if (status !== 0) throw new Error(`${args[0]} ended with ${status}`);
  }
  for (const moment of MOMENTS) {
    const kind = `SIGTERM in ${moment.phase}`;
    if (!wanted(kind)) continue;
    const random = ruleStream(`torture.${kind}`, seed);
    for (let i = 0; i < moments; i++) {
      const extra = i === 0 ? 0 : Math.floor((random(i) / 2 ** 32) * SPREAD);
      const { problem, took, worked } = await terminate(program, runtime, scratch, moment, extra);
      const share = took > 0 ? (worked / took).toFixed(2) : '-';
      console.log(`${kind} + ${extra} ms, ${runtime}: ${took} ms, ${worked} of a processor (${share})`);
      count(kind, runtime, `+ ${extra} ms`, problem);
    }
  }
}

try {
  const data = writeSet(join(folder, 'Brain_AD'));
  const model = await writeModel(join(folder, 'model.safetensors'));
  for (const runtime of runtimes) {
    const scratch = join(folder, `scratch-${runtime}`);
    mkdirSync(scratch);
    await breaks({ runtime, data, model, scratch }, folder);
    await lostDevices(runtime);
    if (MOMENTS.some(({ phase }) => wanted(`SIGTERM in ${phase}`))) await terminations(runtime, scratch);
  }
  if (runtimes.includes('chrome') && wanted('page')) await pageLosses({ data, moments, seed, count });
  if (wanted('bit flipped')) await flippedBits({ data, model, folder, moments, seed, count });
  if (wanted('log torn')) await tornLogs({ data, model, folder, moments, seed, count });
} finally {
  removeAll();
}
finish();
