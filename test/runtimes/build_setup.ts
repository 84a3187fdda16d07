import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the suites could not be built, or `''`. */
    buildError: string;
  }
}

/**
 * Vitest's global set-up: builds the suites as they are now for the runtimes. A failure is theirs alone, so that the
 * other test files run all the same.
 */
export default function setup(project: TestProject): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [script, 'suites', 'suites_page', 'tools', 'acts', 'acts_page', 'storage_page'],
    {
      encoding: 'utf8',
    },
  );
  const output = stripVTControlCharacters(`${stdout}${stderr}`);
  project.provide('buildError', status === 0 ? '' : `the suites cannot be built\n${output}`);
}
