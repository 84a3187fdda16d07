import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findDriver } from '../../src/launch/drivers.ts';
import { DENO_FLAGS } from '../../src/launch/launch.ts';
import { findDeno } from '../../src/launch/runtimes.ts';
import { openStaticPage } from './static_page.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** An empty folder into which the package is installed, with the program of a user beside it. */
let user = '';

interface Output {
  stdout: string;
  stderr: string;
}

async function run(command: string, args: string[], cwd: string, env: Record<string, string> = {}): Promise<Output> {
  const options = { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26, timeout: 170_000 };
  try {
    return await promisify(execFile)(command, args, options);
  } catch (error) {
    const { stdout, stderr } = error as Output;
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`);
  }
}

function lastJson(output: Output): unknown {
  return JSON.parse(output.stdout.trim().split('\n').pop() ?? '');
}

beforeAll(async () => {
  user = mkdtempSync(join(tmpdir(), 'fusionclip-user-'));
  // `npm test` has just built it.
  if (!process.env.FUSIONCLIP_BUILT) await run(process.execPath, ['scripts/build.mjs'], ROOT);
  const packed = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', user], ROOT);
  const [{ filename }] = JSON.parse(packed.stdout) as { filename: string }[];
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n');
  const quiet = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  await run('npm', ['install', ...quiet, `./${filename}`], user);
  cpSync(join(ROOT, 'test/package/program'), user, { recursive: true });
  // The optional part that a user adds with "npm install webgpu"; from here, as the test has no network.
  symlinkSync(join(ROOT, 'node_modules/webgpu'), join(user, 'node_modules/webgpu'));
}, 500_000);

afterAll(() => rmSync(user, { recursive: true, force: true }));

describe('the installed package', () => {
  test('has no dependencies, and holds neither tests nor sources', () => {
    const installed = JSON.parse(readFileSync(join(user, 'node_modules/fusionclip/package.json'), 'utf8'));
    expect(installed.dependencies ?? {}).toEqual({});
    for (const name of ['dist/test', 'test', 'src', 'node_modules']) {
      expect(existsSync(join(user, 'node_modules/fusionclip', name)), name).toBe(false);
    }
  });

  test('runs in Node', async () => {
    const { env } = findDriver('node');
    expect(lastJson(await run(process.execPath, ['node.mjs'], user, env))).toMatchObject({ bytes: 0, learns: true });
  });

  test('runs in Deno', async () => {
    const { env } = findDriver('deno');
    const deno = findDeno();
    if (!deno) throw new Error('Deno was not found');
    const flags = DENO_FLAGS.filter((flag) => flag !== '--no-config');
    expect(lastJson(await run(deno, [...flags, 'deno.mjs'], user, env))).toMatchObject({ bytes: 0, learns: true });
  });

  test('runs on a static page in Chrome, without a bundler', async () => {
    const { title, text } = await openStaticPage(user);
    expect(title, text).toBe('done');
    expect(JSON.parse(text)).toMatchObject({ bytes: 0, learns: true });
  });

  test('has types that a strict program compiles against', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext'];
    await run(process.execPath, [tsc, ...flags, '--lib', 'es2023,esnext.disposable,dom', 'types.mts'], user);
  });

  test('has a command', async () => {
    const deno = findDeno();
    const command = join(user, 'node_modules/.bin/fusionclip');
    for (const runtime of ['deno', 'node']) {
      const { stdout } = await run(command, ['--runtime', runtime, '--help'], user, { FUSIONCLIP_DENO: deno ?? '' });
      expect(stdout).not.toBe('');
    }
  });
});
