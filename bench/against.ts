/**
 * `npm run bench:against -- COMMIT [--dawn] [--driver NAME] [--json FILE] [pattern …]`: times this tree beside an earlier one in one run. Each bench runs in both
 * trees in turn (before, after, after, before), those that came out slower by more than 3 % up to four times more, and the fastest of all counts: other
 * programs use the machine too. Of each case the fastest variant is compared, which is what a plan would choose. Exit code 1 where one stays slower.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { textColumns } from '../src/base/columns.ts';
import { findDeno } from '../src/launch/runtimes.ts';
import type { BenchReport } from './harness.ts';

/** How much slower a case may be. */
const MOST = 1.03;

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const take = (name: string) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : undefined);
const json = take('--json');
const driver = take('--driver');
const flags = [...(driver === undefined ? [] : ['--driver', driver])];
if (args.includes('--dawn')) flags.push(...args.splice(args.indexOf('--dawn'), 1));
const [commit, ...patterns] = args;
if (commit === undefined)
  throw new Error('Name the commit to compare with: npm run bench:against -- COMMIT [pattern …].');

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-bench-'));
const before = join(folder, 'before');
const deno = findDeno() ?? 'deno';
const git = (...words: string[]) => execFileSync('git', ['-C', ROOT, ...words], { encoding: 'utf8' });
let running: ChildProcess | null = null;
process.on('exit', () => {
  // The group: a bench starts another process.
  if (running?.pid) process.kill(-running.pid, 'SIGKILL');
  if (existsSync(before)) git('worktree', 'remove', '--force', before);
  rmSync(folder, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130));

/** Milliseconds of the fastest variant of each case, by `bench case`. */
type Times = Map<string, number>;

/** Runs a bench file in a tree. */
async function timed(tree: string, file: string): Promise<Times> {
  const out = join(folder, 'out.json');
  const words = ['run', '-A', '--no-lock', '--no-check', '--quiet', join(tree, 'bench/main.ts'), ...flags];
  const child = spawn(deno, [...words, '--json', out, file], { cwd: tree, detached: true, stdio: 'ignore' });
  running = child;
  const status = await new Promise((done) => child.once('close', done));
  running = null;
  if (status !== 0)
    throw new Error(`The bench ${file} of ${tree} ended with ${status}; npm run bench -- ${file} shows why.`);
  const { results } = JSON.parse(readFileSync(out, 'utf8')) as BenchReport;
  const times: Times = new Map();
  for (const { bench, case: name, minMs } of results) keep(times, `${bench} ${name}`, minMs);
  return times;
}

function keep(times: Times, key: string, ms: number): void {
  times.set(key, Math.min(ms, times.get(key) ?? Number.POSITIVE_INFINITY));
}

/** The benches of a tree, e.g. `kernels/softmax.bench.ts`. */
function benchesOf(tree: string): string[] {
  return ['kernels', 'models'].flatMap((kind) =>
    readdirSync(join(tree, 'bench', kind))
      .filter((file) => file.endsWith('.bench.ts'))
      .map((file) => `${kind}/${file}`),
  );
}

git('worktree', 'add', '--detach', '--quiet', before, commit);
// Its own packages: they may be others.
execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--prefer-offline', '--silent'], {
  cwd: before,
  stdio: 'inherit',
});
// Trees of before the generated files left git have them.
const gen = join(before, 'scripts/gen.mjs');
if (existsSync(gen)) execFileSync(process.execPath, [gen], { cwd: before, stdio: 'inherit' });

const old = new Set(benchesOf(before));
const rows: { name: string; before: number; after: number }[] = [];
for (const file of benchesOf(ROOT)) {
  if (!old.has(file) || (patterns.length > 0 && !patterns.some((word) => file.includes(word)))) continue;
  const [first, second]: [Times, Times] = [new Map(), new Map()];
  const run = async (tree: string) => {
    const into = tree === before ? first : second;
    for (const [key, ms] of await timed(tree, file)) keep(into, key, ms);
  };
  const slower = () => [...second].some(([key, ms]) => ms > MOST * (first.get(key) ?? Number.POSITIVE_INFINITY));
  for (const tree of [before, ROOT, ROOT, before]) await run(tree);
  for (let more = 0; more < 4 && slower(); more++) for (const tree of [before, ROOT]) await run(tree);
  for (const [name, after] of second) {
    const was = first.get(name);
    if (was === undefined) continue;
    rows.push({ name, before: was, after });
    console.log(lineOf(rows[rows.length - 1]));
  }
}

const slow = rows.filter(({ before, after }) => after > MOST * before);
const ratios = rows.map(({ before, after }) => after / before).sort((a, b) => a - b);
console.log(
  `\n${rows.length} cases; after : before ${[0, 0.5, 1].map((share) => ratios[Math.round(share * (ratios.length - 1))]?.toFixed(3)).join(', ')} (least, middle, most); slower by more than 3 %: ${slow.length}`,
);
for (const row of slow) console.log(lineOf(row));
if (json) writeFileSync(json, `${JSON.stringify({ commit, rows }, null, 1)}\n`);
process.exitCode = slow.length > 0 ? 1 : 0;

function lineOf({ name, before, after }: { name: string; before: number; after: number }): string {
  const cells = [`  ${name}`, before.toFixed(2), after.toFixed(2), `× ${(after / before).toFixed(3)}`];
  return textColumns([cells], 'lrrr', [60, 10, 10, 9]);
}
