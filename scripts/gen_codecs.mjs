/**
 * Makes the modules `src/dicom/codecs/*.gen.ts` of Cornerstone's builds of OpenJPEG and CharLS, which are CommonJS that asks
 * for files beside it. A module holds all that its codec needs, so that it is bundled and imported alike in every runtime,
 * and only when a file needs it. Part of `npm run gen`.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** The codec's package, the start of its files' names, and the module's name. */
const CODECS = [
  ['@cornerstonejs/codec-openjpeg', 'openjpeg'],
  ['@cornerstonejs/codec-charls', 'charls'],
];

/** Replaces what must be there once. */
function replaced(text, pattern, by, what) {
  if (text.match(new RegExp(pattern, 'g'))?.length !== 1) throw new Error(`${what}: "${pattern}" is not there once`);
  return text.replace(pattern, by);
}

/** An ES module of a script that emscripten wrote, with its wasm inside, if it has one. */
function moduleOf(script, wasm, what) {
  let text = script.slice(0, script.lastIndexOf("if (typeof exports === 'object'"));
  // It would take Node for a place to read files from, and a page for one to fetch them from: it gets all it needs.
  for (const place of ['WEB', 'WORKER', 'NODE']) {
    text = replaced(text, `var ENVIRONMENT_IS_${place}=[^;]*;`, `var ENVIRONMENT_IS_${place}=false;`, what);
  }
  const name = /^\s*var (\w+) = /.exec(text)[1];
  text = text
    .replaceAll(/require\("[a-z:]+"\)/g, '{}')
    .replaceAll('__dirname', '""')
    .replaceAll('__filename', 'undefined');
  const bytes = wasm ? JSON.stringify(wasm.toString('base64')) : 'null';
  return `${text}\nexport const create: (options: object) => Promise<unknown> = ${name};\nexport const wasm: string | null = ${bytes};\n`;
}

for (const [name, short] of CODECS) {
  const folder = join(ROOT, 'node_modules', name);
  if (!existsSync(folder)) {
    console.error(`${name} is not there; "npm ci" brings it.`);
    process.exit(1);
  }
  for (const kind of ['wasm', 'js']) {
    const script = readFileSync(join(folder, `dist/${short}${kind}_decode.js`), 'utf8');
    const wasm = kind === 'wasm' ? readFileSync(join(folder, `dist/${short}wasm_decode.wasm`)) : null;
    const hash = createHash('sha256')
      .update(readFileSync(fileURLToPath(import.meta.url)))
      .update(script);
    const stamp = hash
      .update(wasm ?? '')
      .digest('hex')
      .slice(0, 16);
    const { version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const head = `// ${stamp} ${name} ${version} (${license}), made by scripts/gen_codecs.mjs\n`;
    const out = join(ROOT, `src/dicom/codecs/${short}_${kind}.gen.ts`);
    if (existsSync(out) && readFileSync(out, 'utf8').startsWith(head)) continue;
    writeFileSync(out, `${head}// @ts-nocheck\n${moduleOf(script, wasm, `${name} ${version}`)}`);
  }
}
