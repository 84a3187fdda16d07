/** `node dist/test/run.js <runtime> [--driver d] [pattern]`: the built suites in a runtime, a line per case. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { runRuntime } from './run_runtime.ts';

const [runtime, ...rest] = process.argv.slice(2);
const at = rest.indexOf('--driver');
const driver = at < 0 ? undefined : rest.splice(at, 2)[1];
let passed = 0;
let failed = 0;
const ending = await runRuntime(
  runtime as 'deno' | 'node' | 'chrome',
  {
    finished(result) {
      if (result.ok) passed++;
      else failed++;
      console.log(`${result.ok ? 'ok   ' : 'FAIL '} ${result.name}  ${result.ms} ms`);
      if (result.error) console.log(`      ${result.error.replaceAll('\n', '\n      ')}`);
    },
    printed: (text) => void process.stdout.write(text),
  },
  { filter: rest[0] ?? '', driver, root: join(dirname(fileURLToPath(import.meta.url)), '../..') },
);
if (passed + failed === 0 && !ending) {
  failed++;
  console.log(`no case has "${rest[0] ?? ''}" in its name`);
}
if (ending) {
  failed++;
  console.log(ending);
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
