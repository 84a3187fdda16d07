#!/usr/bin/env node
import { existsSync } from 'node:fs';

const launcher = new URL('../dist/launcher.js', import.meta.url);
if (!existsSync(launcher)) {
  process.stderr.write('fusionclip: dist/ is missing; run "npm run build" first.\n');
  process.exit(1);
}
const { run } = await import(launcher.href);
process.exitCode = await run(process.argv.slice(2));
