/** `node dist/test/launch_act.js <runtime> <argument …>`: the suites' program as bin/fusionclip.mjs starts its own. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { EXIT_CODES, FusionclipError } from '../../src/gpu/errors.ts';
import { launch, readRuntime } from '../../src/host/launch.ts';

const here = dirname(fileURLToPath(import.meta.url));
const [runtime, ...args] = process.argv.slice(2);
try {
  const bundle = { script: join(here, 'suites.js'), page: join(here, 'page') };
  process.exitCode = await launch(readRuntime(runtime), bundle, args);
} catch (error) {
  if (!(error instanceof FusionclipError)) throw error;
  process.stderr.write(`fusionclip: ${error.message}\n`);
  process.exitCode = EXIT_CODES[error.code];
}
