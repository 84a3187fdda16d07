/**
 * `npm run bench -- [--dawn] [--driver lavapipe|swiftshader|hardware] [--json FILE] [pattern …]`: times kernels in Deno against
 * their first variants and against what the adapter can do, then whole models with the split between GPU and host, and counts
 * the operations of a training step. A pattern selects files of bench/kernels and bench/models by name, or `operations`. A
 * run without one is stored in bench/results. `--dawn` takes the WebGPU of npm's `webgpu`, which is Chrome's and Node's and
 * has subgroups, in place of Deno's own.
 */
import { spawn } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findDriver } from '../src/launch/drivers.ts';
import { findDeno } from '../src/launch/runtimes.ts';

const args = process.argv.slice(2);
const choice = args.includes('--driver') ? args.splice(args.indexOf('--driver'), 2)[1] : undefined;
const deno = findDeno();
if (!deno) throw new Error('Deno was not found; run "npm ci".');
const driver = findDriver(args.includes('--dawn') ? 'node' : 'deno', choice);
console.log(`deno, ${driver.note}`);
const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet'];
const child = spawn(
  deno,
  [...flags, fileURLToPath(new URL('run.ts', import.meta.url)), '--driver-note', driver.note, ...args],
  {
    env: { ...process.env, ...driver.env },
    stdio: 'inherit',
  },
);
process.on('SIGINT', () => {});
child.on('close', (code) => process.exit(code ?? 1));
