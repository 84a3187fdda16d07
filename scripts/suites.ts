/**
 * `npm run suites -- [pattern …]`: runs suites in Deno straight from the sources, a line per case. A pattern selects the
 * suite files whose path contains it, or else the cases whose name does.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findDriver } from '../src/host/drivers.ts';
import { findDeno } from '../src/host/runtimes.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const args = process.argv.slice(2);
let driverChoice: string | undefined;
const rest: string[] = [];
for (let i = 0; i < args.length; i++) {
  if (args[i] === '--driver') driverChoice = args[++i];
  else rest.push(args[i]);
}
const deno = findDeno();
if (!deno) throw new Error('Deno was not found; run "npm ci".');
const driver = findDriver('deno', driverChoice);
console.error(`deno, ${driver.note}`);
const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet'];
const child = spawn(deno, [...flags, join(root, 'test/runtimes/direct.ts'), ...rest], {
  cwd: root,
  env: { ...process.env, ...driver.env },
  stdio: 'inherit',
});
process.on('SIGINT', () => {});
child.on('close', (code, signal) => {
  if (signal) console.error(`deno was ended by ${signal}`);
  process.exit(code ?? 1);
});
