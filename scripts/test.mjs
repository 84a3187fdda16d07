/**
 * `npm test [-- [--junit FILE] vitest's arguments]`: builds what the tests need, runs them, and ends with `N passed, N failed`; with
 * their JUnit XML.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), 'fusionclip-counts-'));
const counts = join(folder, 'counts.json');

function run(...args) {
  return spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, FUSIONCLIP_COUNTS: counts, FUSIONCLIP_BUILT: '1' },
  }).status;
}

const args = process.argv.slice(2);
const at = args.indexOf('--junit');
if (at >= 0) {
  const [, file] = args.splice(at, 2);
  const path = resolve(process.env.INIT_CWD ?? '.', file);
  // Reporters of the command line replace those of vitest.config.ts.
  args.push('--reporter=default', '--reporter=./test/harness/count_reporter.ts', '--reporter=junit');
  args.push(`--outputFile.junit=${path}`);
}

let passed = 0;
let failed = 0;
// The tests of the command line and of the package use the package as it is built.
if (run('scripts/build.mjs') !== 0) {
  console.error('the build failed');
  failed++;
}
const status = run('node_modules/vitest/vitest.mjs', 'run', ...args);
try {
  const result = JSON.parse(readFileSync(counts, 'utf8'));
  passed += result.passed;
  failed += result.failed;
} catch {
  console.error('vitest ended without a result');
  failed++;
}
if (status !== 0 && failed === 0) failed = 1;
rmSync(folder, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed ? 1 : 0;
