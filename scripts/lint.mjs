/** `npm run lint`: biome and the project's own checks; all of them run even when one fails. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import './gen.mjs';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const npx = (name, ...args) => [process.execPath, [`node_modules/${name}`, ...args]];
const deno = (...script) => npx('deno/bin.cjs', 'run', '-A', '--no-lock', '--no-check', '--quiet', ...script);

const checks = [npx('@biomejs/biome/bin/biome', 'check', '.')];
for (const script of ['imports', 'scopes', 'docs', 'shaders', 'gradients'].map((what) => `scripts/check_${what}.ts`)) {
  if (existsSync(script)) checks.push(deno(script));
}
checks.push(deno('bench/isa/main.ts', '--check'));
// A mutation whose text is gone tests nothing.
checks.push(deno('scripts/mutants.ts', '--check', '--quick'));
// The reference of the API: typedoc.json makes an error of every warning.
checks.push(npx('typedoc/bin/typedoc', '--emit', 'none', '--skipErrorChecking'));
/** Milliseconds that one check may take. */
const LIMIT = 300_000;

let failed = 0;
for (const [command, args] of checks) {
  if (spawnSync(command, args, { stdio: 'inherit', timeout: LIMIT }).status !== 0) failed++;
}
process.exitCode = failed ? 1 : 0;
