import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { TestProject } from 'vitest/node';
import type { ListedCase } from '../harness/registry.ts';
import { LIST } from './marks.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Why the suites could not be built, or `''`. */
    buildError: string;
    /** The cases of all suites, told by the built program: to read them from their sources would take each runtime's file seconds. */
    cases: readonly ListedCase[];
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
  const suites = fileURLToPath(new URL('../../dist/test/suites.js', import.meta.url));
  const env = { ...process.env, [LIST]: '1' };
  const listed = status === 0 ? spawnSync(process.execPath, [suites], { encoding: 'utf8', env }).stdout : '[]';
  project.provide('cases', JSON.parse(listed));
}
