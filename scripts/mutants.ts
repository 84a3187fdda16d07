/**
 * `npm run mutants -- [--jobs N] [--quick] [--check] [WORD …]`: makes the small wrong changes that `test/mutants/` lists, one
 * at a time, in a copy of the tree, and runs the narrow suite that has to notice each. A word selects the mutations of that
 * subject, or those whose file, suite or texts contain it. Prints a line for each and a summary; exit code 1 when one survives without a reason,
 * does not run, or is not what its list says. `--check` runs no suite: it only says which mutations cannot be made, or name a suite that is not there.
 * `--quick` leaves out what has been seen before: the suites without any mutation, and the compiler.
 *
 * The tree itself is never written to, so a run can be interrupted, and several can go on side by side.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDriver } from '../src/launch/drivers.ts';
import { findDeno } from '../src/launch/runtimes.ts';
import { SUBJECTS } from '../test/mutants/index.ts';
import type { Mutation } from '../test/mutants/mutation.ts';
import { Suites } from './mutants/suites.ts';
import { TypeCheck } from './mutants/type_check.ts';
import { pasted } from './paste_shaders.ts';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DENO = [findDeno() ?? 'deno', 'run', '-A', '--no-lock', '--no-check', '--quiet'];
const SUITES = new Suites(ROOT);
const ENV = { ...process.env, ...findDriver('deno').env, NO_COLOR: '1', FORCE_COLOR: '0' };
/** Milliseconds that a suite may take; what makes it hang is noticed too. */
const LIMIT = 240_000;
/** Milliseconds after the first failure, in which its reason is printed; the cases after it say nothing new. */
const REASON = 400;

/** What the cases of a suite say when it is not they that fail. */
const NOT_A_TEST =
  /does not load|no case matches|ReferenceError|SyntaxError|is not a function|is not defined|Shader '|WGSL/;

type Verdict = 'killed' | 'survived' | 'explained' | 'broken';

interface Outcome {
  readonly verdict: Verdict;
  /** What failed first, or why it is broken. */
  readonly detail: string;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { jobs: { type: 'string', default: '1' }, quick: { type: 'boolean' }, check: { type: 'boolean' } },
});
const all = Object.entries(SUBJECTS).flatMap(([subject, list]) => list.map((mutation) => ({ subject, mutation })));
const chosen = all.filter(({ subject, mutation }) => {
  const text = Object.values(mutation).join('\n');
  return (
    positionals.length === 0 || positionals.some((word) => (word in SUBJECTS ? word === subject : text.includes(word)))
  );
});

const folder = mkdtempSync(join(tmpdir(), 'fusionclip-mutants-'));
const running = new Set<ChildProcess>();
function cleanUp(): void {
  for (const child of running) kill(child);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    cleanUp();
    process.exit(130);
  });
}

/** Ends a command with all that it has started. */
function kill({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

/** A copy of the tree as it is now: of what git ignores only what `npm run gen` makes, which this command begins with. */
function copyTree(name: string): string {
  const copy = join(folder, name);
  const list = (...args: string[]) =>
    execFileSync('git', ['ls-files', '--exclude-standard', ...args], { cwd: ROOT, encoding: 'utf8' }).split('\n');
  for (const file of [...list('-co'), ...list('-oi', 'src/*.gen.ts')].filter(Boolean)) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(ROOT, file), join(copy, file), { force: true });
  }
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  // The set-up of the real configuration builds what these files do not need.
  writeFileSync(join(copy, 'mutants.config.mjs'), 'export default { test: { testTimeout: 60_000 } };\n');
  return copy;
}

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly late: boolean;
}

function run(tree: string, command: readonly string[], toFailure = false): Promise<Ended> {
  const [program, ...args] = command;
  const child = spawn(program, args, { cwd: tree, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env: ENV });
  running.add(child);
  let output = '';
  let late = false;
  let stopping = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (!toFailure || stopping || !/^FAIL /m.test(output)) return;
      stopping = true;
      setTimeout(() => kill(child), REASON);
    });
  }
  const timer = setTimeout(() => {
    late = true;
    kill(child);
  }, LIMIT);
  return new Promise((resolve) => {
    child.on('error', (error) => {
      output += error.message;
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      running.delete(child);
      resolve({ code, output, late });
    });
  });
}

/** Runs suites by their patterns, or a vitest file; `toFailure`: no further than to the first case that fails. */
function runSuite(tree: string, patterns: readonly string[], toFailure: boolean): Promise<Ended> {
  const [first] = patterns;
  if (!first.endsWith('.test.ts')) return run(tree, [...DENO, 'test/runtimes/direct.ts', ...patterns], toFailure);
  return run(tree, ['node', 'node_modules/vitest/vitest.mjs', 'run', '--config', 'mutants.config.mjs', first]);
}

function judge({ code, output, late }: Ended, { equivalent }: Mutation): Outcome {
  if (late) return { verdict: 'killed', detail: `nothing ended in ${LIMIT / 1000} s` };
  if (code === 0)
    return equivalent ? { verdict: 'explained', detail: equivalent } : { verdict: 'survived', detail: '' };
  const failed = /^\s*(?:FAIL|×)\s+(.*)/m.exec(output)?.[1];
  const excuse = NOT_A_TEST.exec(output)?.[0];
  if (!failed || excuse) {
    const at = excuse ? output.indexOf(excuse) : Math.max(0, output.length - 300);
    return { verdict: 'broken', detail: output.slice(Math.max(0, at - 100), at + 300).replace(/\s+/g, ' ') };
  }
  if (equivalent) return { verdict: 'broken', detail: `is said to be equivalent, and ${failed} fails` };
  return { verdict: 'killed', detail: failed };
}

/** The text of a file with a mutation, or what is wrong with the list. */
function mutated(
  { file, find, replace, suite }: Mutation,
  types: TypeCheck | null,
): { text: string } | { wrong: string } {
  const lost = SUITES.problem(suite);
  if (lost) return { wrong: lost };
  if (!existsSync(join(ROOT, file))) return { wrong: 'there is no such file' };
  const text = readFileSync(join(ROOT, file), 'utf8');
  const count = text.split(find).length - 1;
  if (count !== 1) return { wrong: `its text stands in the file ${count} times` };
  const changed = text.replace(find, () => replace);
  if (file.endsWith('.wgsl')) {
    const isPasted = !file.startsWith('shaders/lib/') && pasted(changed) !== changed;
    return isPasted ? { wrong: 'its text is pasted from shaders/lib: change it there' } : { text: changed };
  }
  const wrong = types?.problem(file, changed);
  return wrong ? { wrong } : { text: changed };
}

async function tryMutation(tree: string, mutation: Mutation, types: TypeCheck | null): Promise<Outcome> {
  const { file, suite } = mutation;
  const made = mutated(mutation, types);
  if ('wrong' in made) return { verdict: 'broken', detail: made.wrong };
  const path = join(tree, file);
  const text = readFileSync(path, 'utf8');
  writeFileSync(path, made.text);
  const shader = file.startsWith('shaders/');
  const generate = () => run(tree, [...DENO, 'scripts/gen_shaders.ts']);
  try {
    if (shader) {
      const { code, output } = await generate();
      if (code !== 0) return { verdict: 'broken', detail: output.slice(-300) };
    }
    return judge(await runSuite(tree, suite.split(' > '), true), mutation);
  } finally {
    writeFileSync(path, text);
    if (shader) await generate();
  }
}

/** Every suite that counts has to pass as it is, or nothing that fails says anything. */
async function baseline(tree: string): Promise<boolean> {
  const suites = [...new Set(chosen.map(({ mutation }) => mutation.suite.split(' > ')[0]))];
  const groups = [suites.filter((name) => !name.endsWith('.test.ts'))].filter(({ length }) => length > 0);
  for (const patterns of [...groups, ...suites.filter((name) => name.endsWith('.test.ts')).map((name) => [name])]) {
    const { code, output } = await runSuite(tree, patterns, false);
    if (code === 0) continue;
    console.log(output);
    console.log(`${patterns.join(' ')}: fails without any mutation`);
    return false;
  }
  return true;
}

async function main(): Promise<number> {
  if (chosen.length === 0) throw new Error(`no mutation matches ${positionals.join(' ')}`);
  const types = values.quick ? null : new TypeCheck(ROOT);
  if (values.check) {
    const wrong = chosen.flatMap(({ subject, mutation }) => {
      const made = mutated(mutation, types);
      return 'wrong' in made ? [`${subject}: ${mutation.file}: ${mutation.find}: ${made.wrong}`] : [];
    });
    for (const line of wrong) console.log(line);
    console.log(`${chosen.length} mutations, ${wrong.length} cannot be made`);
    return wrong.length > 0 ? 1 : 0;
  }
  const trees = Array.from({ length: Math.max(1, Number(values.jobs)) }, (_, i) => copyTree(String(i)));
  if (!values.quick && !(await baseline(trees[0]))) return 1;
  const counts: Record<Verdict, number> = { killed: 0, survived: 0, explained: 0, broken: 0 };
  const waiting = [...chosen];
  await Promise.all(
    trees.map(async (tree) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { subject, mutation } = next;
        const start = performance.now();
        const { verdict, detail } = await tryMutation(tree, mutation, types);
        counts[verdict]++;
        const seconds = ((performance.now() - start) / 1000).toFixed(1).padStart(5);
        const short = (text: string) => text.trim().replace(/\s+/g, ' ').slice(0, 60) || 'nothing';
        console.log(`${verdict.padEnd(9)} ${seconds} s  ${subject}: ${mutation.file}`);
        console.log(`            ${short(mutation.find)}  →  ${short(mutation.replace)}`);
        console.log(
          `            ${verdict === 'killed' ? 'by' : mutation.suite}${detail && `: ${detail.slice(0, 300)}`}`,
        );
      }
    }),
  );
  const share = ((100 * counts.killed) / chosen.length).toFixed(1);
  console.log(
    `${chosen.length} mutations: ${counts.killed} killed (${share} %), ${counts.explained} survive and are explained, ` +
      `${counts.survived} survived, ${counts.broken} broken`,
  );
  return counts.survived + counts.broken > 0 ? 1 : 0;
}

let code = 1;
try {
  code = await main();
} finally {
  cleanUp();
}
process.exit(code);
