/** Writes test/suites.ts, the list of all suites; part of `npm run gen`. */
import { readdirSync, writeFileSync } from 'node:fs';

const test = new URL('../test/', import.meta.url);
const files = readdirSync(test, { recursive: true }).filter((name) => name.endsWith('.suite.ts'));
const head = '/** Every suite, in the order of paths; `npm run gen` writes this list. */';
writeFileSync(
  new URL('suites.ts', test),
  `${[head, ...files.sort().map((name) => `import './${name}';`)].join('\n')}\n`,
);
console.log(`${files.length} suites`);
