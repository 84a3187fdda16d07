/**
 * From WGSL to SPIR-V as the runtimes compile it: naga for Deno (the program `naga`), Tint for Chrome and Node (Dawn's toggle
 * `dump_shaders` prints what it made, `spirv-as` assembles it).
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { findDriver } from '../../src/launch/drivers.ts';
import { findDeno } from '../../src/launch/runtimes.ts';
import { dumped, withoutBounds, withoutClearing } from './spirv.ts';

export const COMPILERS = ['naga', 'tint'] as const;
/** One of {@link COMPILERS}. */
export type Compiler = (typeof COMPILERS)[number];

/** SPIR-V and the name of its entry point. */
export interface Module {
  readonly spirv: Uint8Array<ArrayBuffer>;
  readonly entry: string;
}

/** What has to be installed for a compiler, or null. */
export function missingCompiler(compiler: Compiler): string | null {
  const [program, how] =
    compiler === 'naga'
      ? ['naga', 'naga is missing; install it by "cargo install naga-cli".']
      : ['spirv-as', "spirv-as is missing; install Debian's spirv-tools."];
  return spawnSync(program, ['--version']).error ? how : null;
}

/** Compiles all sources; a module is null where the compiler refuses a source. */
export function toSpirv(compiler: Compiler, sources: readonly string[]): (Module | null)[] {
  const folder = mkdtempSync(join(tmpdir(), 'isa-'));
  try {
    return compiler === 'naga' ? throughNaga(sources, folder) : throughTint(sources, folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function throughNaga(sources: readonly string[], folder: string): (Module | null)[] {
  return sources.map((source, i) => {
    const [wgsl, spirv] = [join(folder, `${i}.wgsl`), join(folder, `${i}.spv`)];
    writeFileSync(wgsl, source);
    // As wgpu sets it where the driver checks the bounds of buffers (robustBufferAccess2), as AMD's does.
    const flags = ['--index-bounds-check-policy', 'Restrict', '--buffer-bounds-check-policy', 'Unchecked'];
    const { status } = spawnSync('naga', [...flags, wgsl, spirv]);
    return status === 0 ? { spirv: withoutClearing(new Uint8Array(readFileSync(spirv))), entry: 'main' } : null;
  });
}

/** Dawn prints each source and what became of it; a number in a comment before the source says which is which. */
function throughTint(sources: readonly string[], folder: string): (Module | null)[] {
  const numbered = sources.map((source, i) => `// source ${i}\n${source}`);
  const list = join(folder, 'sources.json');
  writeFileSync(list, JSON.stringify(numbered));
  const flags = ['run', '-A', '--no-lock', '--no-check', '--quiet'];
  const { stdout } = spawnSync(
    findDeno() ?? 'deno',
    [...flags, fileURLToPath(new URL('tint.ts', import.meta.url)), list],
    { env: { ...process.env, ...findDriver('node').env }, encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  const texts = dumped(stdout);
  return sources.map((_, i) => {
    const text = texts.get(i);
    if (text === undefined) return null;
    const [assembly, spirv] = [join(folder, `${i}.spvasm`), join(folder, `${i}.spv`)];
    writeFileSync(assembly, withoutBounds(text));
    const { status, stderr } = spawnSync('spirv-as', ['--target-env', 'vulkan1.3', assembly, '-o', spirv]);
    if (status !== 0) throw new Error(`spirv-as: ${stderr}`);
    return { spirv: new Uint8Array(readFileSync(spirv)), entry: 'dawn_entry_point' };
  });
}
