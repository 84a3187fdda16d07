/** Checks what `docs/architecture.md` says about imports, that no file is too long, and that arithmetic is that of every runtime. Part of `npm run lint`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Folders of `src` from the bottom up: a file imports from its own level and from those below. */
const LEVELS = [
  'base',
  'gpu',
  'kernels',
  'nn',
  'data',
  'dicom',
  'nifti',
  'volume',
  'metrics',
  'decide',
  'phantom',
  'scene',
  'clip',
  'hub',
  'dicomweb',
  'fusion',
  'medclip',
  'run',
  'detect',
  'train',
  'pretrain',
  'study',
  'report',
  'shards',
  'host',
  'launch',
  'queue',
  'open',
  'lab',
  'cli',
];

/** Packages and Node modules that a folder may import; the others none. */
const PACKAGES: Record<string, RegExp> = {
  decide: /^valibot$/,
  base: /^(valibot|d3-dsv)$/,
  data: /^(fast-png|d3-contour|fflate)$/,
  dicom: /^fflate$/,
  nifti: /^fflate$/,
  clip: /^(valibot|character-entities(-legacy)?)$/,
  hub: /^(valibot|@noble\/hashes\/.*)$/,
  dicomweb: /^valibot$/,
  medclip: /^valibot$/,
  run: /^valibot$/,
  train: /^valibot$/,
  detect: /^valibot$/,
  pretrain: /^valibot$/,
  report: /^(valibot|preact|preact\/jsx-runtime|preact-render-to-string|d3-scale|d3-shape)$/,
  shards: /^(valibot|d3-dsv|hyparquet-writer\/src\/.*)$/,
  host: /^(node:.*|webgpu)$/,
  launch: /^(node:.*|puppeteer-core)$/,
  queue: /^(valibot|bullmq|ioredis)$/,
  cli: /^(node:.*|valibot)$/,
};

/** Names of Node, Deno and of pages that are not WebGPU: `src/host`, `src/launch` and `src/cli` alone may touch them. */
const FOREIGN = new Set([
  'process',
  'Deno',
  'Buffer',
  'require',
  '__dirname',
  '__filename',
  'document',
  'window',
  'localStorage',
]);

/** Lines that a file may have; generated ones are exempt. */
const MOST_LINES = 400;

const problems: string[] = [];

function filesIn(folder: string, extension: RegExp): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => extension.test(name) && !name.split('/').includes('node_modules'))
    .map((name) => join(folder, name))
    .sort();
}

/** The folder of `src` that a path lies in; `''` for files directly in `src`, null outside of it. */
function areaOf(path: string): string | null {
  const parts = path.split('/');
  if (parts[0] !== 'src') return null;
  return parts.length > 2 ? parts[1] : '';
}

/** The module names in imports, exports, `import()` calls and import types. */
function importsOf(source: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    let name: ts.Node | undefined;
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) name = node.moduleSpecifier;
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      name = node.arguments[0];
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) name = node.argument.literal;
    if (name && ts.isStringLiteralLike(name)) names.push(name.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return names;
}

function checkImport(file: string, name: string): void {
  const area = areaOf(file);
  if (!name.startsWith('.')) {
    if (area === null) return;
    if (!PACKAGES[area]?.test(name)) problems.push(`${file}: may not import "${name}"`);
    return;
  }
  // What follows a question mark tells Vite how to import.
  const target = relative(ROOT, join(ROOT, dirname(file), name.replace(/\?.*$/, '')));
  if (!/\.(tsx?|mjs|json)$/.test(target)) problems.push(`${file}: the import "${name}" lacks its extension`);
  else if (!existsSync(join(ROOT, target))) problems.push(`${file}: the import "${name}" leads nowhere`);
  graph.set(file, [...(graph.get(file) ?? []), target]);
  if (area === null) return;
  const targetArea = areaOf(target);
  if (targetArea === null) problems.push(`${file}: src may not import ${target}`);
  // Files directly in src are the package's face: they may import everything, and nothing imports them.
  else if (area === '') return;
  else if (targetArea === '') problems.push(`${file}: may not import ${target}, the face of the package`);
  else if (LEVELS.indexOf(targetArea) > LEVELS.indexOf(area)) {
    problems.push(`${file}: ${area} is below ${targetArea} and may not import ${target}`);
  }
}

/** Reports names of Node, Deno or pages that the file has not declared itself. */
function checkNames(file: string, source: ts.SourceFile): void {
  const declared = new Set<string>();
  const used = new Map<string, number>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && FOREIGN.has(node.text)) {
      const parent = node.parent;
      const isMember =
        (ts.isPropertyAccessExpression(parent) && parent.name === node) ||
        (ts.isPropertyAssignment(parent) && parent.name === node) ||
        ts.isPropertySignature(parent) ||
        ts.isMethodDeclaration(parent) ||
        ts.isMethodSignature(parent) ||
        ts.isPropertyDeclaration(parent);
      const isDeclaration =
        (ts.isVariableDeclaration(parent) ||
          ts.isParameter(parent) ||
          ts.isBindingElement(parent) ||
          ts.isFunctionDeclaration(parent)) &&
        parent.name === node;
      if (isDeclaration) declared.add(node.text);
      else if (!isMember) used.set(node.text, source.getLineAndCharacterOfPosition(node.getStart()).line + 1);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  for (const [name, line] of used) {
    if (!declared.has(name)) problems.push(`${file}:${line}: "${name}" is there in some runtimes only; use the host`);
  }
}

/** What a file imports, of the files that are checked. */
const graph = new Map<string, string[]>();

/** Reports each circle of imports once; an import of a type alone ties two files as well. */
function checkCircles(): void {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) problems.push(`circle of imports: ${[...trail.slice(at), file].join(' -> ')}`);
    if (at >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
}

function checkLength(file: string, text: string): void {
  const lines = text.split('\n').length - 1;
  if (lines > MOST_LINES) problems.push(`${file}: ${lines} lines, at most ${MOST_LINES}`);
}

/** Functions whose last bits differ from engine to engine; what is compared with a tolerance may use them. */
const INEXACT = /Math\.(exp|expm1|log|log10|log1p|pow|cbrt|a?(sin|cos|tan)h?|atan2)\(/;
const MAY_BE_INEXACT = /^src\/(base\/elementary\.ts|lab\/reference\/)/;

function checkArithmetic(file: string, text: string): void {
  for (const [i, line] of text.split('\n').entries()) {
    const found = INEXACT.exec(line)?.[0];
    if (found) problems.push(`${file}:${i + 1}: ${found}) differs between runtimes; src/base/elementary.ts has one`);
  }
}

const generated = (name: string): boolean => name.endsWith('.gen.ts');
const sources = ['src', 'app'].flatMap((folder) => filesIn(folder, /\.(tsx?|wgsl|html|css)$/));
const shaders = filesIn('shaders', /\.wgsl$/);
for (const file of [...sources, ...shaders].filter((name) => !generated(name))) {
  checkLength(file, readFileSync(join(ROOT, file), 'utf8'));
}
for (const file of ['src', 'app', 'test', 'bench', 'scripts'].flatMap((folder) => filesIn(folder, /\.tsx?$/))) {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  for (const name of importsOf(source)) checkImport(file, name);
  const area = areaOf(file);
  if (area && !['host', 'launch', 'cli'].includes(area) && !generated(file)) checkNames(file, source);
  if (area && !generated(file) && !MAY_BE_INEXACT.test(file)) checkArithmetic(file, text);
  if (area && !LEVELS.includes(area)) problems.push(`${file}: the folder src/${area} has no level`);
}

checkCircles();
for (const problem of problems) console.error(problem);
console.log(problems.length ? `imports: ${problems.length} problems` : `imports: ${sources.length} files are in order`);
process.exit(problems.length ? 1 : 0);
