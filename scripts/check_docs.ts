/**
 * Checks that whatever a file of `src` exports has a doc comment, and that the indexes of the package's sub-paths name what they
 * export: what a room has for itself is not public by accident; and that the tests that `docs/inputs.md` names are there. Part of
 * `npm run lint`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const problems: string[] = [];
let count = 0;

for (const name of readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })) {
  if (!/(?<!\.gen)\.tsx?$/.test(name)) continue;
  const source = ts.createSourceFile(name, readFileSync(join(ROOT, 'src', name), 'utf8'), ts.ScriptTarget.Latest, true);
  const documented = new Set<string>();
  const bare = new Map<string, number>();
  for (const statement of source.statements) {
    if (!ts.canHaveModifiers(statement)) continue;
    if (!ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword)) continue;
    const names = ts.isVariableStatement(statement)
      ? statement.declarationList.declarations.map((one) => one.name.getText())
      : [(statement as ts.DeclarationStatement).name?.text ?? 'default'];
    const line = source.getLineAndCharacterOfPosition(statement.getStart()).line + 1;
    const comments = ts.getJSDocCommentsAndTags(statement);
    for (const each of names) {
      if (comments.length > 0) documented.add(each);
      else bare.set(each, line);
    }
  }
  count += documented.size;
  // A function's other overloads, and a type beside a value of the same name, are covered by the one comment.
  for (const [each, line] of bare) {
    if (!documented.has(each)) problems.push(`src/${name}:${line}: ${each} is exported without a doc comment`);
  }
}

/** Indexes of the sub-paths, `fusionclip` itself among them. */
const paths = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).exports as Record<
  string,
  { types?: string }
>;
const indexes = Object.values(paths).flatMap(({ types }) => (types?.endsWith('/index.d.ts') ? [types] : []));
let names = 0;
for (const types of indexes) {
  const name = types.replace('./dist/types/', 'src/').replace(/\.d\.ts$/, '.ts');
  const source = ts.createSourceFile(name, readFileSync(join(ROOT, name), 'utf8'), ts.ScriptTarget.Latest);
  for (const statement of source.statements) {
    if (ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)) {
      names += statement.exportClause.elements.length;
    } else problems.push(`${name}: an index names what it exports, \`export { a, b } from\`, and does nothing else`);
  }
}

/** Tests that a document names: `area/word`, a file of `test/`, and after a colon words of the name of a test in it. */
const HELD = /`([a-z_]+\/[a-z_]+)`(?:: ([^|]+?) \|)?/g;
let tests = 0;
for (const line of readFileSync(join(ROOT, 'docs/inputs.md'), 'utf8').split('\n')) {
  if (!line.startsWith('|')) continue;
  for (const [, name, words] of line.slice(line.lastIndexOf('|', line.length - 3)).matchAll(HELD)) {
    const file = ['suite', 'test'].map((kind) => join(ROOT, `test/${name}.${kind}.ts`)).find(existsSync);
    tests++;
    if (!file) problems.push(`docs/inputs.md: there is no test/${name}.suite.ts`);
    else if (words && !readFileSync(file, 'utf8').includes(words)) {
      problems.push(`docs/inputs.md: no test of ${name} is called "${words}"`);
    }
  }
}

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(
  `docs: ${count} exported names have a comment; ${indexes.length} indexes make ${names} of them public; ${tests} tests are named`,
);
