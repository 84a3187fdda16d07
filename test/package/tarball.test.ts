import { execFile } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BAR_HEIGHT } from '../../src/data/heat_picture.ts';
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

/** Starts a program of the user in a runtime, as its documents say, without anything of the command line around it. */
async function runProgram(runtime: 'deno' | 'node', file: string, ...args: string[]): Promise<string> {
  if (runtime === 'node') return (await run(process.execPath, [file, ...args], user)).stdout;
  const deno = findDeno();
  if (!deno) throw new Error('Deno was not found');
  return (await run(deno, ['run', '-A', '--no-check', file, ...args], user)).stdout;
}

/** The code blocks of a document, in order. */
function blocksOf(document: string, language: string): string[] {
  const text = readFileSync(join(user, 'node_modules/fusionclip', document), 'utf8');
  return [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter((m) => m[1] === language).map((m) => m[2]);
}

/** Takes the types out of an example, as Node does from version 22.18 on. */
function strip(name: string): string {
  const source = readFileSync(join(user, 'node_modules/fusionclip/examples', `${name}.ts`), 'utf8');
  const target = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022, verbatimModuleSyntax: true };
  writeFileSync(join(user, `${name}.mjs`), ts.transpileModule(source, { compilerOptions: target }).outputText);
  return `${name}.mjs`;
}

/** Width and height that a PNG says it has. */
function pngSize(path: string): [number, number] {
  const bytes = readFileSync(join(user, path));
  expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
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
  for (const name of ['webgpu', '@sparticuz'])
    symlinkSync(join(ROOT, 'node_modules', name), join(user, 'node_modules', name));
}, 500_000);

afterAll(() => rmSync(user, { recursive: true, force: true }));

describe('what the documents say', () => {
  /** The README's example of the library, as it stands. */
  const example = () => blocksOf('README.md', 'js')[0];

  beforeAll(async () => {
    const made = blocksOf('README.md', 'sh').flatMap((block) => block.split('\n'));
    const [line] = made.filter((each) => each.startsWith('npx fusionclip phantom'));
    const [, ...words] = line.replace(/\s+#.*$/, '').split(' ');
    const command = join(user, 'node_modules/.bin', words[0]);
    await run(command, ['--runtime', 'node', ...words.slice(1)], user);
    writeFileSync(join(user, 'example.mjs'), example());
  });

  test('the example has at most 15 lines', () => {
    expect(example().trim().split('\n').length).toBeLessThanOrEqual(15);
  });

  for (const runtime of ['deno', 'node'] as const) {
    test(`the example trains, predicts and writes a map (${runtime})`, async () => {
      rmSync(join(user, 'runs'), { recursive: true, force: true });
      rmSync(join(user, 'predictions'), { recursive: true, force: true });
      const said = await runProgram(runtime, 'example.mjs');
      const [, picture] = /^(?:ab)?normal, score [\d.]+, map (\S+\.png)$/m.exec(said) ?? [];
      expect(picture, said).toBeDefined();
      expect(pngSize(picture)).toEqual([96, 96 + BAR_HEIGHT]);
      for (const name of ['report.html', 'results.json']) expect(existsSync(join(user, 'runs/brain', name))).toBe(true);
    });

    test(`examples/train.ts and predict.ts (${runtime})`, async () => {
      const said = await runProgram(runtime, strip('train'), 'data/Brain');
      expect(said).toMatch(/^test set: image AUROC \d/m);
      rmSync(join(user, 'heat_maps'), { recursive: true, force: true });
      const scores = await runProgram(runtime, strip('predict'), 'runs/train', 'data/Brain/test/Ungood');
      expect(scores.match(/normal \([\d.]+\), heat_maps\//g)).toHaveLength(3);
      expect(pngSize(/heat_maps\S+/.exec(scores)![0])).toEqual([96, 96]);
    });

    test(`examples/first_kernel.ts has the numbers of float64 (${runtime})`, async () => {
      const said = await runProgram(runtime, strip('first_kernel'));
      expect(said.match(/^(y|dx|dw): error \d(\.\d)?e-[78]$/gm)).toHaveLength(3);
      expect(said).toMatch(/^rms_norm 1024×512: [\d.]+ ms, [\d.]+ GB\/s$/m);
    });
  }

  test('examples/page.html trains from a script tag', async () => {
    const { title, text } = await openStaticPage(join(user, 'node_modules/fusionclip'), 'examples/page.html');
    expect(title, text).toBe('done');
    expect(JSON.parse(text).png).toBeGreaterThan(1000);
  });

  test('the first kernel prints the number that its document says', async () => {
    const [wgsl] = blocksOf('docs/first_kernel.md', 'wgsl');
    const code = blocksOf('docs/first_kernel.md', 'ts').find((block) => block.includes('console.log'))!;
    const whole = code.replace('(wgsl,', () => `(${JSON.stringify(wgsl)},`);
    writeFileSync(join(user, 'kernel.mjs'), whole);
    expect((await runProgram('node', 'kernel.mjs')).trim()).toBe(/console\.log.*\/\/ ([\d.]+)/.exec(code)![1]);
  });

  test('Deno, which npm puts into no PATH, is called by npx', () => {
    const folder = join(user, 'node_modules/fusionclip');
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.md') && !name.startsWith('examples/')) continue;
      expect(readFileSync(join(folder, name), 'utf8'), name).not.toMatch(/(?<!npx )\bdeno run\b/);
    }
  });

  test('no link in a document leads nowhere', () => {
    const folder = join(user, 'node_modules/fusionclip');
    const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
    expect(documents).toContain('docs/tutorial.md');
    for (const name of documents) {
      const text = readFileSync(join(folder, name), 'utf8');
      for (const [, to] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!/^\w+:/.test(to)) expect(existsSync(join(folder, dirname(name), to)), `${name}: ${to}`).toBe(true);
      }
    }
  });
});

/** What the readers of volumes say of a small one. */
const READ = { depth: 2, levels: [0, 129, 255], isDicom: false, refused: 'bad_image' };

describe('the installed package', () => {
  test('has no dependencies, and holds neither tests nor sources', () => {
    const installed = JSON.parse(readFileSync(join(user, 'node_modules/fusionclip/package.json'), 'utf8'));
    expect(installed.dependencies ?? {}).toEqual({});
    for (const name of ['dist/test', 'test', 'src', 'node_modules']) {
      expect(existsSync(join(user, 'node_modules/fusionclip', name)), name).toBe(false);
    }
    const bill = JSON.parse(readFileSync(join(user, 'node_modules/fusionclip/dist/bom.cdx.json'), 'utf8'));
    expect(bill.components.map(({ name }: { name: string }) => name)).toContain('valibot');
    expect(existsSync(join(user, 'node_modules/fusionclip/dist/licenses.txt'))).toBe(true);
  });

  test('runs in Node', async () => {
    const { env } = findDriver('node');
    expect(lastJson(await run(process.execPath, ['node.mjs'], user, env))).toMatchObject({
      bytes: 0,
      learns: true,
      read: READ,
    });
  });

  test('runs in Deno', async () => {
    const { env } = findDriver('deno');
    const deno = findDeno();
    if (!deno) throw new Error('Deno was not found');
    const flags = DENO_FLAGS.filter((flag) => flag !== '--no-config');
    expect(lastJson(await run(deno, [...flags, 'deno.mjs'], user, env))).toMatchObject({
      bytes: 0,
      learns: true,
      read: READ,
    });
  });

  test('runs on a static page in Chrome, without a bundler', async () => {
    const { title, text } = await openStaticPage(user);
    expect(title, text).toBe('done');
    expect(JSON.parse(text)).toMatchObject({ bytes: 0, learns: true, read: READ });
  });

  test('has types that a strict program compiles against', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--strict', '--target', 'es2022', '--module', 'nodenext'];
    await run(process.execPath, [tsc, ...flags, '--lib', 'es2023,esnext.disposable,dom', 'types.mts'], user);
  });

  test('doctor says what has to be installed here, not what a clone does', async () => {
    const none = { VK_ICD_FILENAMES: '/dev/null', VK_DRIVER_FILES: '/dev/null' };
    const missing = { FUSIONCLIP_DENO: join(user, 'no-deno'), FUSIONCLIP_CHROME: join(user, 'no-chrome') };
    const options = { cwd: user, env: { ...process.env, ...none, ...missing } };
    const command = join(user, 'node_modules/.bin/fusionclip');
    const failure = await promisify(execFile)(command, ['doctor'], options).catch((error) => error as Output);
    expect(failure.stderr).toContain(`cd ${realpathSync(user)} && npm install deno webgpu`);
    expect(failure.stderr).not.toContain('npm ci');
  });

  describe('without a webgpu that works, in Node', () => {
    const webgpu = () => join(user, 'node_modules/webgpu');
    const code = "import { open } from 'fusionclip'; await open().catch((e) => console.log(e.code, e.message))";
    const said = async () => (await run(process.execPath, ['--input-type=module', '-e', code], user)).stdout;

    beforeAll(() => rmSync(webgpu()));
    afterAll(() => {
      rmSync(webgpu(), { recursive: true, force: true });
      symlinkSync(join(ROOT, 'node_modules/webgpu'), webgpu());
    });

    test('says that it is not installed', async () => {
      expect(await said()).toMatch(/^no_adapter .*not installed: npm install webgpu\.$/m);
    });

    test('says why it cannot be loaded', async () => {
      mkdirSync(webgpu());
      writeFileSync(join(webgpu(), 'index.js'), "throw new Error('GLIBC_2.38 not found');");
      expect(await said()).toMatch(/^no_adapter .*\(GLIBC_2\.38 not found\).*npm install deno\.$/m);
    });
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
