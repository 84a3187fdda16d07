import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { brotliDecompressSync } from 'node:zlib';
import { FusionclipError } from '../base/errors.ts';
import { ioError } from '../host/disk.ts';
import { readTar } from './tar.ts';

/**
 * The folder of an installed npm package, or null: looks in every `node_modules` from this file and from the working
 * folder upwards. A plain search, because some of the packages do not export their package.json.
 */
export function findPackage(name: string): string | null {
  for (const start of [dirname(fileURLToPath(import.meta.url)), process.cwd()]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const candidate = join(folder, 'node_modules', name);
      if (existsSync(join(candidate, 'package.json'))) return candidate;
      if (dirname(folder) === folder) break;
    }
  }
  return null;
}

/** Where unpacked things are kept between runs: `$XDG_CACHE_HOME/fusionclip` or `~/.cache/fusionclip`. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fusionclip');
}

/**
 * A folder of the cache that `fill` makes once. It is filled under a temporary name and renamed, so it is whole or not
 * there; of two processes that do this at once, the second throws its copy away.
 */
function cached(name: string, fill: (folder: string) => void): string {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  let temporary = '';
  try {
    mkdirSync(cacheFolder(), { recursive: true });
    temporary = mkdtempSync(`${folder}.tmp-`);
    fill(temporary);
    renameSync(temporary, folder);
  } catch (cause) {
    if (temporary) rmSync(temporary, { recursive: true, force: true });
    if (existsSync(folder)) return folder;
    if (cause instanceof FusionclipError) throw cause;
    const error = ioError('unpack into', cacheFolder(), cause);
    throw new FusionclipError('io', `${error.message} XDG_CACHE_HOME can name another folder.`, { cause });
  }
  return folder;
}

/** Whether the bundled browser and driver are installed and can run on this machine. */
export function hasBundled(): boolean {
  return process.platform === 'linux' && process.arch === 'x64' && findPackage('@sparticuz/chromium') !== null;
}

function sparticuz(): { bin: string; version: string } {
  const folder = findPackage('@sparticuz/chromium');
  if (!folder) {
    throw new FusionclipError(
      'no_adapter',
      'The bundled browser and software Vulkan driver are missing; install them with "npm install @sparticuz/chromium".',
    );
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new FusionclipError('no_adapter', 'The bundled browser and Vulkan driver run on x86-64 Linux only.');
  }
  return { bin: join(folder, 'bin'), version: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version };
}

function unpackTar(file: string, folder: string, wanted: (name: string) => string | null): void {
  for (const entry of readTar(brotliDecompressSync(readFileSync(file)))) {
    const name = wanted(entry.name);
    if (!name) continue;
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, entry.bytes, { mode: entry.mode });
  }
}

/** SwiftShader: `{ icd, loader }`, its manifest and the folder of a Vulkan loader. Unpacks 7 MB on first use. */
export function bundledSwiftShader(): { icd: string; loader: string } {
  const { bin, version } = sparticuz();
  const folder = cached(`swiftshader-${version}`, (to) => {
    // The loader has a folder to itself: it goes into LD_LIBRARY_PATH, and nothing else shall.
    unpackTar(join(bin, 'swiftshader.tar.br'), to, (name) => {
      if (name.startsWith('libvulkan.so')) return join('loader', name);
      return name.includes('swiftshader') ? name : null;
    });
  });
  return { icd: join(folder, 'vk_swiftshader_icd.json'), loader: join(folder, 'loader') };
}

/** Chromium's headless shell with the libraries and the font that a bare machine lacks. Unpacks 190 MB on first use. */
export function bundledChromium(): { executable: string; libraries: string; fonts: string } {
  const { bin, version } = sparticuz();
  const folder = cached(`chromium-${version}`, (to) => {
    writeFileSync(join(to, 'chromium'), brotliDecompressSync(readFileSync(join(bin, 'chromium.br'))), { mode: 0o755 });
    unpackTar(join(bin, 'swiftshader.tar.br'), to, (name) => name);
    unpackTar(join(bin, 'al2023.tar.br'), to, (name) => name);
  });
  return { executable: join(folder, 'chromium'), libraries: join(folder, 'lib'), fonts: bundledFonts() };
}

/** A folder with a font and the configuration that finds it: without any font the browser crashes at a text field. */
function bundledFonts(): string {
  const { bin, version } = sparticuz();
  const name = `fonts-${version}`;
  return cached(name, (to) => {
    unpackTar(join(bin, 'fonts.tar.br'), to, (file) => file);
    // The configuration in the package names folders of the machine that it was made for.
    const folders = ['/usr/share/fonts', '/usr/local/share/fonts', join(cacheFolder(), name)];
    const lines = folders.map((folder) => `  <dir>${folder}</dir>`);
    const cache = '  <cachedir prefix="xdg">fontconfig</cachedir>';
    writeFileSync(join(to, 'fonts.conf'), ['<fontconfig>', ...lines, cache, '</fontconfig>', ''].join('\n'));
  });
}
