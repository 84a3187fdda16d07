/** `npm run torture [-- options]`: builds what `test/torture/torture.ts` needs and runs it; options are said there. */
import { spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const run = (...args) => spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1;
const targets = ['tools', 'losses', 'losses_page', 'torture', 'node', 'page', 'app'];
process.exitCode = run('scripts/build.mjs', ...targets) || run('dist/test/torture.js', ...process.argv.slice(2));
