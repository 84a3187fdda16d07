/**
 * `npm run full -- [--runtime deno,chrome] [--naming openai,huggingface] [--dtype f32,f16] [--folder DIR] [--only check|load]`:
 * ViT-L/14 at full size through files. Each file (1.7 GB in f32) is written by `fusionclip model generate` into a folder
 * that is removed afterwards, compared with the golden results of test/golden/seed1 in each runtime, and loaded while the
 * memory of all processes is watched (Linux): what launcher, runtime and GPU process hold at most, together and at one
 * time, beyond the stored weights and what they held with the file opened and nothing loaded. Not part of `npm test`.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const DEFAULTS = {
  runtime: 'deno,chrome',
  naming: 'openai,huggingface',
  dtype: 'f32,f16',
  folder: tmpdir(),
  only: 'check,load',
};
const options = { ...DEFAULTS };
for (let i = 2; i < process.argv.length; i += 2) {
  const name = process.argv[i].replace(/^--/, '');
  if (!(name in DEFAULTS) || process.argv[i + 1] === undefined) {
    console.error(
      `usage: npm run full -- ${Object.keys(DEFAULTS)
        .map((key) => `[--${key} …]`)
        .join(' ')}`,
    );
    process.exit(2);
  }
  options[name] = process.argv[i + 1];
}
/** Bytes that may be held beyond the stored weights. */
const MOST = 300e6;
/** Milliseconds between two looks at the memory. */
const EVERY = 50;

const folder = mkdtempSync(join(options.folder, 'fusionclip-full-'));
let child = null;
let failed = 0;
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    child?.kill(signal);
    process.exit(130);
  });
}

/** Runs a program to its end with lowered priority; resolves to its exit code. */
function run(args, onLine = (line) => console.log(`  ${line}`)) {
  return new Promise((resolve) => {
    child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    let rest = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      lines.forEach(onLine);
    });
    child.on('close', (code, signal) => resolve(signal ? 128 : code));
  });
}

/** What a process is, by its command line: the kind that Chrome gives it, else the name of its program. */
function roleOf(pid) {
  const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  return /--type=([\w-]+)/.exec(line)?.[1] ?? basename(line.split(' ')[0]);
}

/** Bytes of memory that a process and all it has started hold, by role; a page that n processes share counts 1/n in each. */
function heldBy(pid) {
  const parents = new Map();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
    } catch {
      // It has ended.
    }
  }
  const held = {};
  for (const one of parents.keys()) {
    let at = one;
    while (at > 1 && at !== pid) at = parents.get(at) ?? 0;
    if (at !== pid) continue;
    try {
      const kilobytes = /^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0;
      const role = roleOf(one);
      held[role] = (held[role] ?? 0) + 1024 * Number(kilobytes);
    } catch {
      // It has ended.
    }
  }
  return held;
}

const sum = (held) => Object.values(held).reduce((all, bytes) => all + bytes, 0);
const mb = (bytes) => `${Math.round(bytes / 1e6)} MB`;

/** Loads a file, and compares the memory at its peak with the weights that are stored then. */
async function measure(launch, file, storage) {
  let peak = {};
  let before = null;
  let done = null;
  const watch = setInterval(() => {
    if (!before || done) return;
    const held = heldBy(child.pid);
    if (sum(held) > sum(peak)) peak = held;
  }, EVERY);
  const code = await run([...launch, 'load', file, storage], (line) => {
    if (line === 'before') before = heldBy(child.pid);
    if (line.startsWith('after ')) done = JSON.parse(line.slice(6));
  });
  clearInterval(watch);
  if (code !== 0 || !done) return `FAIL  loading ended with code ${code}`;
  const own = sum(peak) - sum(before) - done.bytes;
  const grown = Object.entries(peak).map(([role, bytes]) => `${role} ${mb(bytes - (before[role] ?? 0))}`);
  return (
    `${own < MOST ? 'pass' : 'FAIL'}  ${mb(own)} beyond the stored ${mb(done.bytes)} and the ${mb(sum(before))} of the program ` +
    `without a model; grown until the peak: ${grown.join(', ')}; ${done.seconds.toFixed(1)} s; ${done.report}`
  );
}

const build = await run(['scripts/build.mjs', 'node', 'tools', 'full', 'full_page'], () => {});
if (build !== 0) process.exit(build);
for (const naming of options.naming.split(',')) {
  for (const dtype of options.dtype.split(',')) {
    const file = join(folder, `${naming}_${dtype}.safetensors`);
    const flags = ['--naming', naming, '--dtype', dtype, '--seed', '1', '--out', file];
    if ((await run(['bin/fusionclip.mjs', 'model', 'generate', 'ViT-L-14-336', ...flags])) !== 0) process.exit(1);
    for (const runtime of options.runtime.split(',')) {
      const launch = ['dist/test/launch.js', 'full', '--runtime', runtime];
      if (options.only.includes('check')) {
        console.log(`${naming} ${dtype} in ${runtime}: golden results`);
        if ((await run([...launch, 'check', file, join(root, 'test/golden/seed1'), dtype])) !== 0) failed++;
      }
      if (options.only.includes('load') && process.platform === 'linux') {
        for (const storage of dtype === 'f32' ? ['f32', 'f16'] : ['auto']) {
          const line = await measure(launch, file, storage);
          if (line.startsWith('FAIL')) failed++;
          console.log(`${naming} ${dtype} in ${runtime}, --weights ${storage}: ${line}`);
        }
      }
    }
    rmSync(file);
  }
}
console.log(failed === 0 ? 'all passed' : `${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
