/** `npm run torture [-- options]`: builds what `test/torture/torture.ts` needs and runs it; options are said there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
let child;
// Ctrl-C reaches the child by itself; what is sent to this process alone is passed on, and the child's end waited for.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child?.kill('SIGTERM'));
const run = async (...args) => {
  child = spawn(process.execPath, args, { stdio: 'inherit' });
  return (await once(child, 'exit'))[0] ?? 1;
};
const targets = ['tools', 'losses', 'losses_page', 'torture', 'node', 'page', 'app'];
process.exitCode =
  (await run('scripts/build.mjs', ...targets)) || (await run('dist/test/torture.js', ...process.argv.slice(2)));
