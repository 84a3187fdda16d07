/**
 * Checks that `src` and `app` hold no `gpu.scope()` across an `await`: meanwhile other work runs, and its memory would be
 * taken for the scope's. `gpu.job()` is for that (docs/architecture.md). Part of `npm run lint`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const problems: string[] = [];
let scopes = 0;

/** Whether the statement waits, itself and not in a function inside. A generator that is not asynchronous waits for nobody. */
function waits(node: ts.Node): boolean {
  if (ts.isFunctionLike(node)) return false;
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return true;
  if (ts.isYieldExpression(node) && isAsync(node)) return true;
  return ts.forEachChild(node, waits) ?? false;
}

function isAsync(node: ts.Node): boolean {
  const body = ts.findAncestor(node, ts.isFunctionLike);
  return body !== undefined && (ts.getCombinedModifierFlags(body) & ts.ModifierFlags.Async) !== 0;
}

/** Whether the statement is `using … = ….scope()`. */
function opensScope(node: ts.Node): node is ts.VariableStatement {
  if (!ts.isVariableStatement(node) || !(node.declarationList.flags & ts.NodeFlags.Using)) return false;
  return node.declarationList.declarations.some(({ initializer }) => /\.scope\(\)$/.test(initializer?.getText() ?? ''));
}

for (const folder of ['src', 'app']) {
  for (const name of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(name) || name.split('/').includes('node_modules')) continue;
    const file = join(folder, name);
    const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.Latest, true);
    const visit = (node: ts.Node): void => {
      if (opensScope(node)) {
        scopes++;
        const { statements } = node.parent as ts.Block;
        if (statements.slice(statements.indexOf(node) + 1).some(waits)) {
          const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
          problems.push(`${file}:${line}: this scope is open across an await; use gpu.job()`);
        }
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
}

for (const problem of problems) console.error(problem);
console.log(
  problems.length ? `scopes: ${problems.length} problems` : `scopes: none of ${scopes} is open across an await`,
);
process.exit(problems.length ? 1 : 0);
