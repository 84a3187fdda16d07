/** The acts of launch.test.ts in a Chrome page. */
import { createPageHost } from '../../src/host/chrome_page.ts';
import { runProgram } from '../../src/host/run_program.ts';
import { acts } from './acts.ts';

await runProgram(await createPageHost(), acts);
