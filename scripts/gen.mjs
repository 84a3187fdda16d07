/**
 * `npm run gen`: makes `src/kernels/shaders.gen.ts`, which git does not hold, from `shaders/`. Install, build, test,
 * suites, types, lint and bench begin with it; where the file is of the sources as they are now, that takes no time.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import './gen_codecs.mjs';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const GENERATOR = 'scripts/gen_shaders.ts';
const OUT = join(ROOT, 'src/kernels/shaders.gen.ts');

/** A script and the files of this repository that it imports, directly or not. */
function withImports(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name] of readFileSync(join(ROOT, file), 'utf8').matchAll(/^import [^']* from '(\.[^']+)'/gm)) {
    withImports(join(dirname(file), name), found);
  }
  return found;
}

/** A hash of all that the generated file depends on. */
function stampOfSources() {
  const shaders = readdirSync(join(ROOT, 'shaders'), { recursive: true }).filter((name) => name.endsWith('.wgsl'));
  const hash = createHash('sha256');
  for (const file of [...withImports(GENERATOR), ...shaders.map((name) => `shaders/${name}`)].sort()) {
    const bytes = readFileSync(join(ROOT, file));
    hash.update(`${file} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex').slice(0, 16);
}

const stamp = stampOfSources();
if (!existsSync(OUT) || !readFileSync(OUT, 'utf8').startsWith(`// ${stamp} `)) {
  const deno = join(ROOT, 'node_modules/deno/bin.cjs');
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet'];
  const { status } = spawnSync(process.execPath, [deno, ...flags, join(ROOT, GENERATOR), stamp], { stdio: 'inherit' });
  if (status !== 0) {
    console.error('src/kernels/shaders.gen.ts could not be made from shaders/; "npm ci" brings what that needs.');
    process.exit(1);
  }
}
