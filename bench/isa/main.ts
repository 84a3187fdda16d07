/**
 * `npm run isa -- [--compilers naga,tint] [--families navi21,…] [--code FOLDER] [--markdown] [--stored] [--check] [WORD …]`: what AMD's
 * compiler makes of every kernel that a plan chooses on a GPU, without a GPU: registers, spills, waves, and how much of its hottest loop is
 * multiply-adds. A word is a regular expression on the names of kernels, or a file `x.wgsl` by its path. A run over all kernels is stored in bench/results/isa.json,
 * one over some replaces theirs, and `--stored` prints it; `--code` writes the machine code there. `--check` compiles only what is stored of another source,
 * where the compilers are installed, and fails where a limit is broken, in CI also where they are missing: lint calls it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { COMPILERS, type Compiler, missingCompiler, toSpirv } from './compilers.ts';
import { hardwareKernels, hashOf, type Kernel, nameOf } from './kernels.ts';
import { hottestLoop } from './machine_code.ts';
import { brokenLimits, FAMILIES, type Family, type IsaResult, markdown, table } from './results.ts';
import { AbsentGpu, type Compiled, missingDriver } from './vulkan.ts';

const STORED = new URL('../results/isa.json', import.meta.url);

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    compilers: { type: 'string', default: COMPILERS.join() },
    families: { type: 'string', default: Object.keys(FAMILIES).join() },
    code: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    stored: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});
const compilers = values.compilers.split(',') as Compiler[];
const families = values.families.split(',') as Family[];

/** Files are taken as they are; else the kernels whose name every word matches. */
function selected(): Kernel[] {
  const files = words.filter((word) => word.endsWith('.wgsl'));
  if (files.length > 0) return files.map(ofFile);
  return hardwareKernels().filter((kernel) => words.every((word) => new RegExp(word).test(nameOf(kernel))));
}

function ofFile(path: string): Kernel {
  const source = readFileSync(path, 'utf8');
  return { shader: path, constants: {}, source, hash: hashOf(source) };
}

function storedResults(): IsaResult[] {
  return existsSync(STORED) ? (JSON.parse(readFileSync(STORED, 'utf8')) as { results: IsaResult[] }).results : [];
}

/** Compiles kernels by one compiler for all families. */
function compiledBy(compiler: Compiler, kernels: readonly Kernel[], gpus: ReadonlyMap<Family, AbsentGpu>): IsaResult[] {
  const modules = toSpirv(
    compiler,
    kernels.map(({ source }) => source),
  );
  return kernels.flatMap((kernel, i) => {
    const module = modules[i];
    if (!module) {
      console.error(`${nameOf(kernel)}: ${compiler} does not compile it`);
      return [];
    }
    return [...gpus].map(([family, gpu]) => {
      const compiled = gpu.compile(module.spirv, module.entry);
      if (values.code) {
        mkdirSync(values.code, { recursive: true });
        const file = `${nameOf(kernel).replaceAll(/[ /]/g, '_')}.${compiler}.${family}.txt`;
        writeFileSync(join(values.code, file), compiled.assembly);
      }
      return resultOf(kernel, compiler, family, compiled);
    });
  });
}

function resultOf(kernel: Kernel, compiler: Compiler, family: Family, { statistics, assembly }: Compiled): IsaResult {
  return {
    ...{ kernel: nameOf(kernel), shader: kernel.shader, hash: kernel.hash, compiler, family },
    vgprs: statistics.VGPRs,
    spills: statistics['Spilled VGPRs'] + statistics['Spilled SGPRs'],
    scratch: statistics['Scratch size'],
    lds: statistics['LDS size'],
    waves: statistics['Subgroups per SIMD'],
    instructions: statistics.Instructions,
    loop: hottestLoop(assembly),
  };
}

function store(results: readonly IsaResult[]): void {
  const sorted = [...results].sort(
    (x, y) =>
      x.kernel.localeCompare(y.kernel) || x.compiler.localeCompare(y.compiler) || x.family.localeCompare(y.family),
  );
  const text = sorted.map((one) => `    ${JSON.stringify(one)}`).join(',\n');
  writeFileSync(STORED, `{\n  "results": [\n${text}\n  ]\n}\n`);
}

const key = ({ hash, compiler, family }: Pick<IsaResult, 'hash' | 'compiler' | 'family'>) =>
  `${hash} ${compiler} ${family}`;
const kernels = selected();
const before = storedResults();
const known = new Map(before.map((one) => [key(one), one]));
const isKnown = ({ hash }: Kernel) =>
  compilers.every((compiler) => families.every((family) => known.has(key({ hash, compiler, family }))));
const wanted = values.stored ? [] : values.check ? kernels.filter((kernel) => !isKnown(kernel)) : kernels;
const missing = wanted.length
  ? [missingDriver(), ...compilers.map(missingCompiler)].filter((what) => what !== null)
  : [];
if (missing.length > 0 && !values.check) {
  for (const what of missing) console.error(what);
  process.exit(1);
}
const fresh: IsaResult[] = [];
if (wanted.length > 0 && missing.length === 0) {
  const gpus = new Map(families.map((family) => [family, new AbsentGpu(family)]));
  for (const compiler of compilers) fresh.push(...compiledBy(compiler, wanted, gpus));
}
const isFile = words.some((word) => word.endsWith('.wgsl'));
const hashes = new Set(kernels.map(({ hash }) => hash));
if (values.check) {
  const results = [...before.filter((one) => hashes.has(one.hash)), ...fresh];
  const problems = brokenLimits(results);
  for (const problem of problems) console.error(problem);
  for (const what of missing)
    console.error(`${wanted.length} kernels are not those of bench/results/isa.json: ${what}`);
  console.log(
    `isa: ${kernels.length} kernels, ${wanted.length} to be stored by npm run isa, ${problems.length} limits broken`,
  );
  const unknown = process.env.CI && missing.length > 0;
  process.exit(problems.length > 0 || unknown ? 1 : 0);
}
if (values.stored) {
  const results = before.filter((one) => hashes.has(one.hash) && families.includes(one.family));
  console.log(values.markdown ? markdown(results) : table(results));
  process.exit(0);
}
console.log(values.markdown ? markdown(fresh) : table(fresh));
if (!isFile) {
  // What is stored of kernels that no plan chooses any more goes when all are compiled.
  const done = new Set(fresh.map((one) => `${one.kernel} ${one.compiler} ${one.family}`));
  const kept =
    words.length > 0 || isPart()
      ? before.filter((one) => !done.has(`${one.kernel} ${one.compiler} ${one.family}`))
      : [];
  store([...kept, ...fresh]);
}

function isPart(): boolean {
  return compilers.length < COMPILERS.length || families.length < Object.keys(FAMILIES).length;
}
