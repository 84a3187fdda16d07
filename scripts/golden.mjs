/**
 * `npm run golden -- DIR [--runtime deno|node|chrome] [--full] [--only topic,…] [--class hardware]`: holds the program to a folder of
 * golden results made by the reference with any seed; a line a case, and `N passed, N failed` at the end. `--class hardware`: with
 * the kernels that are chosen on a GPU.
 */
import { spawnSync } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
const at = args.indexOf('--runtime');
const runtime = at < 0 ? 'deno' : args.splice(at, 2)[1];
const directory = args.findIndex((a, i) => !a.startsWith('--') && !['--only', '--class'].includes(args[i - 1]));
if (directory >= 0) args[directory] = resolve(process.env.INIT_CWD ?? '.', args[directory]);

function run(...command) {
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}

run('scripts/build.mjs', 'tools', 'golden', 'golden_page');
run('dist/test/launch.js', 'golden', '--runtime', runtime, ...args);
