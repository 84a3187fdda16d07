import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Vitest's global set-up: builds the suites as they are now for the runtimes. */
export default function setup(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'test-node', 'test-page'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the suites cannot be built\n${stdout}${stderr}`);
}
