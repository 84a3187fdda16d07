/** `node dist/test/launch.js <program> --runtime <name> <argument …>`: a test program behind the real launcher. */
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { run } from '../../src/launch/entry_launcher.ts';

const here = dirname(fileURLToPath(import.meta.url));
const [program, ...args] = process.argv.slice(2);
process.exitCode = await run(args, { script: join(here, `${program}.js`), page: join(here, `${program}_page`) });
