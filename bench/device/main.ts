/**
 * `npm run bench:device -- [--driver auto|hardware|lavapipe|swiftshader] [--peak TFLOPS] [--minutes 8] [--reduced] [--out FILE]`, or
 * `bench/device.sh` on a bare machine: everything that a GPU is to be asked, one part after the other, each with a limit of time.
 * A part that fails or takes too long is said, and the others go on. The result is bench/results/device_NAME.json, with the device's name.
 *
 * Parts: doctor; parity (every kernel in every variant against float64, and some golden cases); products, a forward pass of ViT-L/14 on
 * 8 images and a training step, weights in f32 and in f16, with their profile; the same in PyTorch where it is installed; the kernels
 * of `npm run bench`; and `npm run gpu:model` with the measured times beside its own. `--reduced` takes tiny models and sizes, so that
 * all of it can be rehearsed on a software adapter: its times say nothing, and nothing is stored unless `--out` says where. `--peak`
 * is the device's, of its data sheet; without it what its registers do by themselves.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findDriver } from '../../src/launch/drivers.ts';
import { machine, store } from '../machine.ts';
import { type PeerReport, type Summary, summary } from './summary.ts';
import type { WholeReport } from './whole.ts';

const { values } = parseArgs({
  options: {
    driver: { type: 'string' },
    peak: { type: 'string' },
    minutes: { type: 'string', default: '8' },
    reduced: { type: 'boolean', default: false },
    out: { type: 'string' },
  },
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const driver = findDriver('deno', values.driver);
const deadline = Date.now() + 60_000 * Number(values.minutes);
const scratch = mkdtempSync(join(tmpdir(), 'fusionclip-device-'));
const file = (name: string) => join(scratch, name);
/** Milliseconds that are kept for the table at the end. */
const LAST = 20_000;
/** What is kept of the output of a part. */
const MOST_OUTPUT = 200_000;

/** What became of a part. */
interface Part {
  readonly name: string;
  readonly seconds: number;
  /** Exit code; null when its time was up. */
  readonly code: number | null;
  readonly output: string;
}

const parts: Part[] = [];

/** Runs a part for so many seconds at most, or until the whole time is up. */
async function part(name: string, command: string, args: readonly string[], most: number, left = LAST): Promise<Part> {
  const start = Date.now();
  const limit = Math.max(1000, Math.min(1000 * most, deadline - left - start));
  console.log(`\n== ${name} (at most ${Math.round(limit / 1000)} s)`);
  const child = spawn(command, args, { cwd: root, env: { ...process.env, ...driver.env }, detached: true });
  let output = '';
  let late = false;
  const keep = (text: string) => {
    output = `${output}${text}`.slice(-MOST_OUTPUT);
    process.stdout.write(text);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  const timer = setTimeout(() => {
    late = true;
    // With what it has started.
    process.kill(-(child.pid as number), 'SIGKILL');
  }, limit);
  const code = await new Promise<number | null>((done) => {
    child.once('error', (error) => {
      keep(`${error.message}\n`);
      done(127);
    });
    child.once('close', (status) => done(late ? null : (status ?? 1)));
  });
  clearTimeout(timer);
  const one = { name, seconds: (Date.now() - start) / 1000, code, output };
  parts.push(one);
  console.log(
    `== ${name}: ${late ? 'its time was up' : code === 0 ? 'done' : `code ${code}`}, ${one.seconds.toFixed(0)} s`,
  );
  return one;
}

const deno = (script: string, ...args: string[]) =>
  [process.execPath, ['run', '-A', '--no-lock', '--no-check', '--quiet', script, ...args]] as const;
const json = <T>(name: string): T | null =>
  existsSync(file(name)) ? (JSON.parse(readFileSync(file(name), 'utf8')) as T) : null;

console.log(`${driver.note}; ${machine()}; ${values.minutes} minutes${values.reduced ? '; reduced' : ''}`);
const reduced = values.reduced ? ['--reduced'] : [];
const peak = values.peak ? ['--peak', values.peak] : [];
await part('doctor', ...deno('bench/device/doctor.ts'), 60);
// First what nobody else can tell: the rest may have to make do with the time that is left.
const whole = await part('whole', ...deno('bench/device/whole.ts', '--out', file('whole.json'), ...reduced), 150);
if (spawnSync('python3', ['-c', 'import torch'], { stdio: 'ignore' }).status === 0) {
  await part('pytorch', 'python3', ['bench/device/torch_peer.py', file('torch.json'), ...reduced], 60);
} else {
  console.log('\nno PyTorch here: python3 -c "import torch" fails');
}
const patterns = values.reduced ? ['kernels/focal', 'kernels/clip_norm'] : ['kernels/'];
const suites = values.reduced ? ['kernels/focal', 'kernels/clip_norm'] : ['kernels/'];
await part('parity', ...deno('scripts/suites.ts', '--driver', values.driver ?? 'auto', ...suites), 90);
const topics = values.reduced ? 'posembed' : 'posembed,clip,fusion';
const kind = driver.name === 'hardware' ? [] : ['--class', 'hardware'];
await part('golden', 'node', ['scripts/golden.mjs', 'test/golden/seed1', '--only', topics, ...kind], 120);
await part(
  'kernels',
  ...deno('bench/run.ts', '--driver-note', driver.note, '--json', file('kernels.json'), ...patterns),
  120,
);
const measured = json<WholeReport>('whole.json');
const facts: Summary | null =
  measured && summary(measured, json<PeerReport>('torch.json'), Number(values.peak) || null);
if (measured && facts) {
  const ceilings = ['--peak', facts.peak.toFixed(3), '--bandwidth', facts.bandwidth.toFixed(1)];
  await part('model', ...deno('bench/isa/model.ts', ...ceilings, '--measured', file('whole.json')), 30, 0);
  console.log(`\n${measured.adapter.description || measured.adapter.device}\n${facts.table}`);
}
const failed = parts.filter(({ code }) => code !== 0);
const name = (measured?.adapter.description || measured?.adapter.device || 'unknown').replaceAll(/[^A-Za-z0-9]+/g, '_');
const standard = fileURLToPath(new URL(`../results/device_${name}.json`, import.meta.url));
const out = values.out ?? (values.reduced ? null : standard);
if (out) {
  store(out, {
    ...{ date: new Date().toISOString(), machine: machine(), driver: driver.note, reduced: values.reduced, peak },
    parts: parts.map(({ output, ...rest }) => ({ ...rest, end: output.trimEnd().split('\n').slice(-3) })),
    ...{ whole: measured, pytorch: json('torch.json'), kernels: json('kernels.json') },
  });
  console.log(`stored in ${out}`);
}
rmSync(scratch, { recursive: true, force: true });
const verdict = failed.map(({ name: part, code }) => `${part} (${code === null ? 'time was up' : `code ${code}`})`);
console.log(failed.length ? `${parts.length} parts, failed: ${verdict.join(', ')}` : `${parts.length} parts, all done`);
process.exit(failed.length || whole.code !== 0 ? 1 : 0);
