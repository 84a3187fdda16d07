import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { browsers } from '../../src/launch/browsers.ts';
import { findDriver } from '../../src/launch/drivers.ts';
import { inPath } from '../../src/launch/runtimes.ts';
import { readTar } from '../../src/launch/tar.ts';

const LAUNCH = fileURLToPath(new URL('../../dist/test/launch.js', import.meta.url));

let cache = '';

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'fusionclip-cache-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

/** Asks for an adapter in a runtime that shall find nothing but what npm has installed; the cache is empty at first. */
async function adapterIn(runtime: string): Promise<{ description: string; architecture: string }> {
  const env = { XDG_CACHE_HOME: cache, FUSIONCLIP_DRIVER: 'swiftshader', FUSIONCLIP_CHROME: 'bundled' };
  const args = [LAUNCH, 'acts', '--runtime', runtime, 'adapter'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  return JSON.parse(stdout);
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('what npm brings along', () => {
  test('gives every runtime an adapter, and unpacks once although all start at the same time', async () => {
    const runtimes = ['deno', 'node', 'chrome', 'deno', 'chrome'];
    const adapters = await Promise.all(runtimes.map(adapterIn));
    for (const adapter of adapters)
      expect(`${adapter.description} ${adapter.architecture}`.toLowerCase()).toContain('swiftshader');
    const unpacked = readdirSync(join(cache, 'fusionclip')).map((name) => name.split('-')[0]);
    expect(unpacked).toEqual(['chromium', 'fonts', 'swiftshader']);
    expect(readdirSync(join(cache, 'fusionclip')).filter((name) => name.includes('tmp'))).toEqual([]);
  }, 240_000);

  test('is chosen when asked for', () => {
    vi.stubEnv('XDG_CACHE_HOME', cache);
    const driver = findDriver('node', 'swiftshader');
    expect(driver.name).toBe('swiftshader');
    expect(driver.env.VK_ICD_FILENAMES.startsWith(cache)).toBe(true);
    expect(driver.env.DENO_WEBGPU_BACKEND).toBe('vulkan');
  });

  test("does not replace the user's own choice of a driver", () => {
    const missing = join(cache, 'own.json');
    const folder = join(cache, 'manifests');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.json'), '{}');
    vi.stubEnv('VK_ICD_FILENAMES', `${folder}:${missing}`);
    expect(findDriver('deno').name).toBe('system');
    expect(findDriver('deno').env.VK_ICD_FILENAMES).toBeUndefined();
    expect(findDriver('deno').note).toBe(
      `the Vulkan driver that VK_ICD_FILENAMES names, though ${missing} does not exist`,
    );
    vi.stubEnv('VK_DRIVER_FILES', folder);
    expect(findDriver('deno').note).toBe('the Vulkan driver that VK_DRIVER_FILES names');
    rmSync(join(folder, 'a.json'));
    expect(findDriver('deno').note).toBe(
      `the Vulkan driver that VK_DRIVER_FILES names, though ${folder} is a folder without a manifest (.json)`,
    );
  });
});

test('what cannot be started as a program is told by its kind', () => {
  const file = join(cache, 'chrome');
  const refusal = (path: string) => {
    vi.stubEnv('FUSIONCLIP_CHROME', path);
    return () => [...browsers()];
  };
  expect(refusal(file)).toThrow(`${file}, which does not exist`);
  expect(refusal(cache)).toThrow(`${cache}, which is a folder`);
  writeFileSync(file, '');
  chmodSync(file, 0o644);
  expect(refusal(file)).toThrow(`${file}, which is not executable`);
  expect(refusal(join(file, 'x'))).toThrow('which does not exist');
  chmodSync(file, 0o755);
  expect(refusal(file)()).toMatchObject([{ executable: file }]);
  // A folder of the right name in PATH is no program either.
  mkdirSync(join(cache, 'google-chrome'));
  vi.stubEnv('PATH', cache);
  expect(inPath('google-chrome')).toBe(null);
  expect(inPath('chrome')).toBe(file);
});

test('an unknown driver is an error', () => {
  expect(() => findDriver('deno', 'voodoo')).toThrow('There is no driver "voodoo"');
});

/** An archive with one file. */
function tar(name: string, content: string): Uint8Array {
  const bytes = Buffer.alloc(1024 + 1024);
  bytes.write(name, 0);
  bytes.write('0000755\0', 100);
  bytes.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  bytes.write('0', 156);
  bytes.write('ustar', 257);
  bytes.write(content, 512);
  return bytes;
}

test('tar archives: names, modes, contents, and no way out of the folder', () => {
  const [entry] = readTar(tar('lib/a.so', 'hello'));
  expect(entry).toMatchObject({ name: 'lib/a.so', mode: 0o755 });
  expect(Buffer.from(entry.bytes).toString()).toBe('hello');
  for (const name of ['/etc/passwd', '../a', 'a/../../b']) expect(() => readTar(tar(name, 'x'))).toThrow('unsafe name');
});
