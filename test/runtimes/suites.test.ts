import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('test/suites.ts lists every suite file, in order', () => {
  const folder = fileURLToPath(new URL('../', import.meta.url));
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.suite.ts'));
  const listed = [...readFileSync(`${folder}/suites.ts`, 'utf8').matchAll(/^import '\.\/(.+\.suite\.ts)';$/gm)];
  expect(listed.map((match) => match[1])).toEqual(files.sort());
});
