/**
 * `node scripts/build.mjs [target …] [--hub 'SERVER …']`: targets of vite.config.ts, and `types`; without any, all that the package holds.
 * `--hub`: the servers that the page's policy lets it reach, of a model hub; without it the page reaches its own origin alone.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { serviceWorker, singleFile, withServers } from './app_files.mjs';
import { billOf, modulesIn } from './bom.mjs';
import './gen.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);
const PACKAGE = ['lib', 'node', 'page', 'types'];
const { values, positionals: targets } = parseArgs({
  options: { hub: { type: 'string', default: '' } },
  allowPositionals: true,
});
const isWhole = targets.length === 0;
if (isWhole) targets.push(...PACKAGE, 'app', 'lab', 'single');

/** The folder that a target's files go to. */
function folderOf(target) {
  if (target === 'single') return 'dist';
  if (target === 'lab') return 'dist/app';
  if (target === 'page' || target === 'app') return `dist/${target}`;
  if (target.endsWith('_page')) return `dist/test/${target}`;
  return PACKAGE.includes(target) ? 'dist' : 'dist/test';
}

/** What the programs for Deno and Node may import besides their own files. */
const EXTERNAL = ['webgpu', 'puppeteer-core'];
const nodeModules = new Set(builtinModules);

/** Entries of the library that only Node and Deno run. */
const PROCESS_ENTRIES = ['index_process.js', 'node.js', 'chrome.js'];

/** Throws when a built file imports what will not be there. */
function checkImports(target, outputs) {
  const chunks = new Map(outputs.filter((one) => one.type === 'chunk').map((one) => [one.fileName, one]));
  const forProcess = (name) => name.startsWith('node:') || nodeModules.has(name) || EXTERNAL.includes(name);
  const visit = (entry, allowed, seen = new Set()) => {
    if (seen.has(entry.fileName)) return;
    seen.add(entry.fileName);
    for (const name of [...entry.imports, ...entry.dynamicImports]) {
      const next = chunks.get(name);
      if (next) visit(next, allowed, seen);
      else if (!allowed || !forProcess(name)) {
        throw new Error(`${target}: ${entry.fileName} imports "${name}", which is not part of the bundle`);
      }
    }
  };
  for (const chunk of chunks.values()) {
    if (!chunk.isEntry) continue;
    const inPage = target === 'lib' ? !PROCESS_ENTRIES.includes(chunk.fileName) : target.endsWith('page');
    visit(chunk, !inPage);
  }
}

/** Writes a file whole, and only when it differs: another process may be running the old one. */
function put(path, content) {
  const bytes = Buffer.from(content);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, bytes);
  renameSync(temporary, path);
}

/** What each bundle holds, by target. */
const modules = new Map();

async function bundle(target) {
  const folder = folderOf(target);
  const held = new Set();
  modules.set(target, held);
  // A worker is a build of its own, inside of the page's.
  const listed = {
    name: 'fusionclip-modules',
    generateBundle(_, outputs) {
      for (const id of modulesIn(Object.values(outputs))) held.add(id);
    },
  };
  const more = { plugins: [listed], worker: { plugins: () => [listed] }, build: { write: false } };
  const result = await build({ mode: target, configFile: 'vite.config.ts', logLevel: 'warn', ...more });
  const outputs = [result]
    .flat()
    .flatMap((one) => one.output)
    .map((one) => {
      if (target !== 'app' || one.fileName !== 'index.html') return one;
      return { type: 'asset', fileName: one.fileName, source: withServers(String(one.source), values.hub) };
    });
  if (target === 'single') return put(join(folder, 'fusionclip.html'), withServers(singleFile(outputs), values.hub));
  checkImports(target, outputs);
  for (const one of outputs) put(join(folder, one.fileName), one.code ?? one.source);
  if (folder.endsWith('page')) put(join(folder, 'index.html'), readFileSync('src/host/page.html'));
  if (target === 'app') for (const one of serviceWorker(outputs)) put(join(folder, one.fileName), one.source);
  // Shared chunks carry a hash in their name, so those of earlier builds stay.
  const chunks = join(folder, 'chunks', target);
  const names = new Set(outputs.map((one) => join(folder, one.fileName)));
  const folders = target === 'app' ? [chunks, join(folder, 'models/tiny-clip')] : [chunks];
  for (const old of folders.filter(existsSync)) {
    for (const name of readdirSync(old)) if (!names.has(join(old, name))) rmSync(join(old, name));
  }
}

/** Declarations name `.ts` files, which a package does not hold: they become `.js`, beside which TypeScript looks. */
function rewriteDeclarations(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(folder, name);
    const old = readFileSync(path, 'utf8');
    const text = old.replace(/((?:from|import\()\s*['"]\.[^'"]*)\.ts(['"])/g, '$1.js$2');
    if (text !== old) writeFileSync(path, text);
  }
}

function emitTypes() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  rmSync('dist/types', { recursive: true, force: true });
  // `npm run types` checks; to write declarations down without it takes half the time.
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('types: the declarations cannot be written');
  rewriteDeclarations('dist/types');
}

for (const target of targets) {
  const start = performance.now();
  try {
    if (target === 'types') emitTypes();
    else await bundle(target);
    console.log(`built ${target} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  } catch (error) {
    // The other targets are built all the same: they may not need what is broken.
    console.error(`cannot build ${target}: ${error.message}`);
    process.exitCode = 1;
  }
}

if (isWhole && !process.exitCode) {
  try {
    const { bom, licenses } = billOf(modules, root);
    put('dist/bom.cdx.json', bom);
    put('dist/licenses.txt', licenses);
  } catch (error) {
    console.error(`cannot say what is in the bundles: ${error.message}`);
    process.exitCode = 1;
  }
}
