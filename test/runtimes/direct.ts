/** Runs suite files straight from the sources (see scripts/suites.ts); not part of the built test program. */
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createNodeHost } from '../../src/host/node.ts';
import { registeredCases } from '../harness/registry.ts';
import { runCases } from '../harness/run_cases.ts';

const fixtures = dirname(dirname(fileURLToPath(import.meta.url)));
const host = createNodeHost();
const patterns = host.args;

/** Whether any of the patterns occurs in the text; no pattern means everything. */
function selected(text: string): boolean {
  return patterns.length === 0 || patterns.some((pattern) => text.includes(pattern));
}

const files = readdirSync(fixtures, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.suite.ts'))
  .map((name) => join(fixtures, name))
  .sort();
const byPath = files.filter((file) => selected(relative(dirname(fixtures), file)));

// A file that does not even load is one failure, and the others still run.
let failed = 0;
for (const file of byPath.length ? byPath : files) {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    failed++;
    host.stdout(`FAIL  ${relative(fixtures, file)} does not load\n${error instanceof Error ? error.stack : error}\n`);
  }
}
// Patterns that no path contains choose among the cases of the files that the others have chosen.
const words = patterns.filter((pattern) => !byPath.some((file) => relative(dirname(fixtures), file).includes(pattern)));
const cases = registeredCases(host.runtime).filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
);
if (cases.length === 0 && failed === 0) {
  host.stdout(`no case matches ${patterns.join(' ')}\n`);
  failed = 1;
}
let passed = 0;
failed += await runCases(host, cases, {
  fixtures,
  finished(result) {
    if (result.ok) passed++;
    host.stdout(`${result.ok ? 'ok   ' : 'FAIL '} ${result.name}  ${result.ms} ms\n`);
    if (result.error) host.stdout(`      ${result.error.replaceAll('\n', '\n      ')}\n`);
  },
});
host.stdout(`${passed} passed, ${failed} failed\n`);
await host.exit(failed ? 1 : 0);
