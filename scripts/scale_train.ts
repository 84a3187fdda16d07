/**
 * `npm run scale:train -- [--steps N] [--only killed|page|pre-training]`: trains the embedded model with --parts 4 by 1, 2 and 4 processes (the last over TLS where openssl is there),
 * and by 2 of which one is killed at step 20; then by a process on SwiftShader, alone and with a page in headless Chrome. Compares the
 * weights, the losses of all steps (50) and the results bit by bit. Then pre-trains a small model by 1 and by 2 processes.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { nodePath } from '../src/launch/runtimes.ts';

const BIN = fileURLToPath(new URL('../bin/fusionclip.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-team-'));
const at = (name: string) => join(folder, name);
const env = { ...process.env, FUSIONCLIP_SECRET: 'a secret of this run', FUSIONCLIP_SECRET_CA: at('cert.pem') };
const steps = flag('steps') ?? '50';
let port = 17466;

function flag(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
}

interface Program {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  text: string;
}

function fusionclip(args: readonly string[], onText?: (text: string) => void): Program {
  const child = spawn(nodePath(), [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const program: Program = { child, ended, text: '' };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      program.text += text;
      onText?.(program.text);
    });
  }
  return program;
}

async function done(program: Program): Promise<string> {
  if ((await program.ended) !== 0) throw new Error(program.text);
  return program.text;
}

async function worker(tls: boolean): Promise<{ program: Program; address: string }> {
  const own = `${port++}`;
  const more = tls ? ['--certificate', at('cert.pem'), '--key', at('key.pem')] : [];
  const program = fusionclip(['train', 'worker', '--port', own, ...more]);
  while (!program.text.includes('listens at')) {
    if (program.child.exitCode !== null) throw new Error(program.text);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { program, address: `${tls ? 'wss://localhost' : '127.0.0.1'}:${own}` };
}

/** A page in headless Chrome that joins the training at an address. */
function page(address: string): Program {
  return fusionclip(['train', 'worker', '--runtime', 'chrome', '--driver', 'swiftshader', '--join', address]);
}

/** Trains; the losses of all steps, the weights, the results. @param killAt the step at which the first worker is killed */
async function train(name: string, workers: number, { tls = false, killAt = 0, dawn = false, pages = 0 } = {}) {
  const joined = `127.0.0.1:${port++}`;
  const visitors = Array.from({ length: pages }, () => page(joined));
  const team = await Promise.all(Array.from({ length: workers }, () => worker(tls)));
  const addresses = [...team.map(({ address }) => address), ...visitors.map(() => `join:${joined}`)];
  // Chrome and Node have one implementation of WebGPU, Dawn, and here one driver.
  const runtime = dawn ? ['--runtime', 'node', '--driver', 'swiftshader'] : [];
  const model = ['--data', at('data/Brain'), '--model', 'tiny-clip', '--out', at(name)];
  const settings = ['--shots', '2', '--aug', 'none', '--size', '32', '--prompt', 'fixed', '--map.files', 'none'];
  const cut = ['--batch', '4', '--parts', '4'];
  const length = ['--epochs', steps, '--select', 'last'];
  const start = performance.now();
  const program = fusionclip(
    [
      'train',
      ...model,
      ...settings,
      ...cut,
      ...length,
      ...runtime,
      ...(addresses.length > 0 ? ['--workers', addresses.join()] : []),
    ],
    (text) => {
      if (killAt > 0 && text.includes(`"step":${killAt},`)) team[0].program.child.kill('SIGKILL');
    },
  );
  const text = await done(program);
  const seconds = (performance.now() - start) / 1000;
  for (const one of [...team.map(({ program }) => program), ...visitors]) one.child.kill('SIGTERM');
  await Promise.all(visitors.map(({ ended }) => ended));
  const losses = readFileSync(join(at(name), 'metrics.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line.includes('"step"'))
    .map((line) => JSON.parse(line).loss);
  const gone = /The worker .*is gone.*/.exec(text)?.[0];
  return {
    seconds,
    losses,
    gone,
    weights: readFileSync(join(at(name), 'checkpoint/last.safetensors')),
    results: readFileSync(join(at(name), 'predictions.csv'), 'utf8'),
  };
}

/** Pre-trains a small model; its checkpoint. */
async function pretrained(name: string, workers: number): Promise<Buffer> {
  const team = await Promise.all(Array.from({ length: workers }, () => worker(false)));
  const towers = ['--width', '16', '--heads', '2', '--layers', '2', '--patch', '8', '--embed', '16', '--vocab', '530'];
  const text = ['--text-width', '16', '--text-heads', '2', '--text-layers', '1', '--families', 'brain'];
  const cut = ['--stages', '32x10,48x5', '--batch', '16', '--parts', '4'];
  const more = workers > 0 ? ['--workers', team.map(({ address }) => address).join(',')] : [];
  await done(fusionclip(['pretrain', '--out', at(name), ...towers, ...text, ...cut, ...more]));
  for (const { program } of team) program.child.kill('SIGTERM');
  return readFileSync(join(at(name), 'checkpoint/latest.safetensors'));
}

try {
  const set = ['--train', '0', '--valid', '8', '--test', '4', '--size', '64', '--seed', '5'];
  await done(fusionclip(['phantom', '--set', 'brain', '--out', at('data'), ...set]));
  const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const pair = ['-newkey', 'rsa:2048', '-nodes', '-keyout', at('key.pem'), '-out', at('cert.pem')];
  const tls = spawnSync('openssl', ['req', '-x509', '-days', '2', ...pair, ...names]).status === 0;
  const first = async (what: string, how = {}) => {
    const one = await train(what, 0, how);
    console.log(`${what}: ${one.losses.length} steps in ${one.seconds.toFixed(0)} s`);
    return one;
  };
  let alone: Awaited<ReturnType<typeof train>> | null = null;
  for (const [what, workers, how] of [
    ['2 processes', 1, {}],
    [`4 processes${tls ? ' over TLS' : ''}`, 3, { tls }],
    ['2 processes, the worker killed at step 20', 1, { killAt: 20 }],
    ['1 process on SwiftShader and a page', 0, { dawn: true, pages: 1 }],
  ] as const) {
    if (!what.includes(flag('only') ?? '')) continue;
    if ('dawn' in how) alone = await first('1 process on SwiftShader', { dawn: true });
    alone ??= await first('1 process');
    const other = await train(what.replaceAll(' ', '_'), workers, how);
    const same =
      other.weights.equals(alone.weights) &&
      other.losses.join() === alone.losses.join() &&
      other.results === alone.results;
    console.log(
      `${what}: ${other.losses.length} steps in ${other.seconds.toFixed(0)} s, ${same ? 'the same' : 'OTHER'} bits`,
    );
    if (other.gone) console.log(`  ${other.gone}`);
    if (!same || ('killAt' in how && !other.gone)) process.exitCode = 1;
  }
  if ('pre-training'.includes(flag('only') ?? '')) {
    const [one, two] = [await pretrained('p1', 0), await pretrained('p2', 1)];
    const same = one.equals(two);
    console.log(`pre-training in 4 parts by 1 and by 2 processes: ${same ? 'the same' : 'OTHER'} bits`);
    if (!same) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
