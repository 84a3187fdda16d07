/**
 * Every differentiable operation has a gradient test; part of `npm run lint`. An operation is an object declared
 * `: Operation<…> = { name: 'NAME', …`; its test is a call `gradientTest('NAME', …` in a suite (test/harness/gradients.ts), which
 * itself fails when the operation of that name does not run.
 */
import { readdirSync, readFileSync } from 'node:fs';
import process from 'node:process';

const ROOT = new URL('..', import.meta.url);

/** Paths below a folder with this ending. */
function filesIn(folder: string, ending: string): string[] {
  return readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => `${folder}/${file.replaceAll('\\', '/')}`);
}
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');

const problems: string[] = [];
const operations = new Map<string, string>();
for (const path of filesIn('src', '.ts')) {
  const source = read(path);
  const declared = [...source.matchAll(/: Operation<(?:[^=]|=>)*> = \{\s*(?:name: '(\w+)')?/g)];
  for (const [, name] of declared) {
    if (!name) problems.push(`${path}: an operation does not begin with its name: 'NAME'`);
    else if (operations.has(name)) problems.push(`${path}: ${operations.get(name)} has an operation ${name} too`);
    else operations.set(name, path);
  }
}

const tests = filesIn('test', '.suite.ts').map(read).join('\n');
for (const [name, path] of operations) {
  if (!tests.includes(`gradientTest('${name}',`)) {
    problems.push(`${path}: no suite calls gradientTest('${name}', …)`);
  }
}

for (const problem of problems) console.error(problem);
console.log(`check_gradients: ${operations.size} operations, ${problems.length} problems`);
process.exit(problems.length ? 1 : 0);
