/**
 * `npm run golden -- DIR [--runtime deno|node|chrome] [--full] [--only topic,…] [--class hardware] [--junit FILE]`: holds the program to a folder of
 * golden results made by the reference with any seed; a line a case, and `N passed, N failed` at the end. `--class hardware`: with
 * the kernels that are chosen on a GPU.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const take = (name) => (args.includes(name) ? args.splice(args.indexOf(name), 2)[1] : null);
const runtime = take('--runtime') ?? 'deno';
const junit = take('--junit');
const directory = args.findIndex((a, i) => !a.startsWith('--') && !['--only', '--class'].includes(args[i - 1]));
if (directory >= 0) args[directory] = resolve(process.env.INIT_CWD ?? '.', args[directory]);

const { status } = spawnSync(process.execPath, ['scripts/build.mjs', 'tools', 'golden', 'golden_page'], {
  cwd: root,
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
const { JUnitLines } = await import('../dist/test/junit.js');

const lines = new JUnitLines(`golden in ${runtime}`);
const child = spawn(process.execPath, ['dist/test/launch.js', 'golden', '--runtime', runtime, ...args], {
  cwd: root,
  stdio: ['inherit', 'pipe', 'inherit'],
});
child.stdout.setEncoding('utf8').on('data', (text) => {
  lines.push(text);
  process.stdout.write(text);
});
process.exitCode = await new Promise((done) => child.once('close', (code) => done(code ?? 1)));
if (junit) {
  const path = resolve(process.env.INIT_CWD ?? '.', junit);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, lines.xml());
}
