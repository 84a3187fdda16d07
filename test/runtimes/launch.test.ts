import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { RuntimeReport } from '../../src/host/host.ts';
import { killedNote } from '../../src/host/killed.ts';
import { engineOf, MARK, marked } from '../torture/processes.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RUNTIMES = ['deno', 'node', 'chrome'] as const;

/** A folder for the temporary files of what is started here, so that leftovers are seen. */
let scratch = '';

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'fusionclip-launch-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Launchers that still run: one that hangs must not spoil the tests after it. */
const running = new Set<ChildProcess>();
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A started launcher and what became of it. */
function start(
  runtime: string,
  act: string[],
  env: Record<string, string> = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const script = join(ROOT, 'dist/test/launch.js');
  const child = spawn(process.execPath, [script, 'acts', '--runtime', runtime, ...act], {
    cwd: scratch,
    env: { ...process.env, TMPDIR: scratch, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const ended = new Promise<Ended>((resolve) => {
    const out = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out.stdout += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      out.stderr += text;
    });
    child.on('close', (code) => resolve({ code, ...out }));
  });
  return { child, ended };
}

const run = (runtime: string, act: string[], env?: Record<string, string>): Promise<Ended> =>
  start(runtime, act, env).ended;

/** Resolves when the program has said something: at first that it is ready. */
async function ready(child: ChildProcess, word = 'ready'): Promise<void> {
  await new Promise<void>((resolve) => {
    let text = '';
    child.stdout?.on('data', (more: string) => {
      text += more;
      if (text.includes(word)) resolve();
    });
  });
}

/** Processes that have the scratch folder in their command line: browsers that outlived their launcher. */
function survivors(): string[] {
  const found: string[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8');
      if (line.includes(scratch) && Number(name) !== process.pid) found.push(line.replaceAll('\0', ' ').slice(0, 200));
    } catch {
      // Ended meanwhile.
    }
  }
  return found;
}

function expectClean(): void {
  expect(survivors()).toEqual([]);
  expect(readdirSync(scratch)).toEqual([]);
}

describe.each(RUNTIMES)('%s', (runtime) => {
  test('passes arguments and variables in, output and exit code out', async () => {
    const asked = await run(runtime, ['arguments', '--flag', 'ä b', '', '*'], { FUSIONCLIP_WORD: 'grün' });
    expect(asked.stderr).toBe('');
    expect(JSON.parse(asked.stdout)).toEqual({ runtime, rest: ['--flag', 'ä b', '', '*'], word: 'grün' });
    expect(asked.code).toBe(0);
    const ended = await run(runtime, ['exit', '7', '20000']);
    expect(ended.code).toBe(7);
    expect(ended.stderr).toBe('last words\n');
    const lines = ended.stdout.trim().split('\n');
    expect(lines.length).toBe(20000);
    expect(lines[19999]).toContain('line 19999 äöü 漢字');
    expectClean();
  });

  test('turns errors into a sentence and an exit code', async () => {
    const expected = await run(runtime, ['fails']);
    expect(expected).toEqual({
      code: 4,
      stdout: '',
      stderr: 'fusionclip: The data set has no images; choose another folder.\n',
    });
    const ordinary = await run(runtime, ['throws']);
    expect(ordinary.code).toBe(1);
    expect(ordinary.stderr).toContain('an ordinary error');
  });

  test('tells the program of an interrupt, once', async () => {
    const { child, ended } = start(runtime, ['wait']);
    await ready(child);
    child.kill('SIGINT');
    expect(await ended).toEqual({ code: 130, stdout: 'ready\nasked 1\n', stderr: '' });
    expectClean();
  });

  test('ends a program that does not listen to the interrupt', async () => {
    const { child, ended } = start(runtime, ['idle']);
    await ready(child);
    child.kill('SIGINT');
    expect((await ended).code).toBe(130);
    expectClean();
  });

  test('kills a deaf program at the third interrupt', async () => {
    const { child, ended } = start(runtime, ['deaf']);
    await ready(child);
    // Signals that come while the launcher does not run are one.
    let sent = 0;
    for (let over = false; !over; sent++) {
      child.kill('SIGINT');
      over = await Promise.race([ended.then(() => true), new Promise<false>((go) => setTimeout(go, 300, false))]);
    }
    expect(sent).toBeGreaterThanOrEqual(3);
    expect((await ended).code).toBeGreaterThan(128);
    expectClean();
  });

  test('a Ctrl-C that comes when all is said does not take the place of the exit code', async () => {
    const { child, ended } = start(runtime, ['exit', '7', '1']);
    let timer: NodeJS.Timeout | undefined;
    void ready(child, 'line 0').then(() => {
      timer = setInterval(() => child.kill('SIGINT'), 1);
    });
    const { code } = await ended;
    clearInterval(timer);
    // A program that it still reached was interrupted; a launcher that a signal ended has no code.
    expect([7, 130]).toContain(code);
    expectClean();
  });

  test('a killed launcher leaves no process and no file behind', async () => {
    const mark = `launcher-${runtime}`;
    const { child, ended } = start(runtime, ['deaf'], { [MARK]: mark });
    await ready(child);
    expect(engineOf(mark, child.pid!)).toBeDefined();
    child.kill('SIGKILL');
    await ended;
    await expect.poll(() => marked(mark), { timeout: 15_000 }).toEqual([]);
    await expect.poll(() => readdirSync(scratch), { timeout: 15_000 }).toEqual([]);
  });

  test('a killed program is told, with an exit code of its own', async () => {
    const mark = `engine-${runtime}`;
    const { child, ended } = start(runtime, ['deaf'], { [MARK]: mark });
    await ready(child);
    process.kill(engineOf(mark, child.pid!)!.pid, 'SIGKILL');
    const { code, stderr } = await ended;
    expect(code).toBe(20);
    expect(stderr).toMatch(
      runtime === 'chrome'
        ? /^fusionclip: the browser has ended; run it again, or choose another runtime with --runtime\.\n$/
        : /^fusionclip: the program was ended by SIGKILL \(.*\); run it again\.\n$/,
    );
    expectClean();
  });
});

test.each(['deno', 'node'])('%s: one that a driver crashes on its way out was interrupted', async (runtime) => {
  const mark = `crash-${runtime}`;
  const { child, ended } = start(runtime, ['deaf'], { [MARK]: mark });
  await ready(child);
  const told = ready(child, 'told');
  child.kill('SIGINT');
  await told;
  process.kill(engineOf(mark, child.pid!)!.pid, 'SIGABRT');
  expect(await ended).toEqual({ code: 130, stdout: 'ready\ntold\n', stderr: '' });
});

test('what is said of a killed program tells how to go on with what it has left', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fusionclip-killed-'));
  const note = (...args: string[]) => killedNote('SIGSEGV', args);
  expect(note('train', '--out', folder)).toBe('fusionclip: the program was ended by SIGSEGV; run it again.\n');
  expect(killedNote('SIGXFSZ', [])).toContain('SIGXFSZ (a file became larger than "ulimit -f" allows: raise it);');
  writeFileSync(join(folder, 'config.json'), '{}');
  expect(note('train', `--out=${folder}`)).toContain(`; go on with fusionclip train --resume --out ${folder}.`);
  expect(note('pretrain', '--out', folder)).toContain('; run it again.');
  mkdirSync(join(folder, 'checkpoint'));
  writeFileSync(join(folder, 'checkpoint/latest.safetensors'), '');
  expect(note('pretrain', '--out', folder)).toContain(`go on with fusionclip pretrain --resume --out ${folder}.`);
  writeFileSync(join(folder, 'results.json'), '{}');
  expect(note('train', '--out', folder)).toContain(`fusionclip report ${folder} makes its report`);
  expect(note('reproduce', '--out', folder)).toContain('the same command again goes on');
  rmSync(folder, { recursive: true });
});

describe('chrome', () => {
  test('an unfinished file is removed with the page', async () => {
    const path = join(scratch, 'unfinished');
    expect((await run('chrome', ['writes', path])).code).toBe(5);
    expect(existsSync(path)).toBe(false);
    expectClean();
  });

  test('a browser that does not start is an error that names it', async () => {
    const broken = join(scratch, 'broken');
    writeFileSync(broken, '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    const { code, stderr } = await run('chrome', ['idle'], { FUSIONCLIP_CHROME: broken });
    rmSync(broken);
    expect(code).toBe(3);
    expect(stderr).toContain(`${broken} did not start`);
    expectClean();
  });
});

describe('probing', () => {
  test.each(['deno', 'node'])('from %s: every runtime answers', async (runtime) => {
    const { stdout, stderr } = await run(runtime, ['probe', 'arguments', 'x']);
    const reports = JSON.parse(stdout) as RuntimeReport[];
    expect(
      reports.map((one) => one.name),
      stderr,
    ).toEqual(['deno', 'node', 'chrome']);
    for (const report of reports) {
      expect(report).toMatchObject({ found: true, answer: { runtime: report.name, rest: ['x'] }, error: null });
      expect(existsSync(report.path ?? '')).toBe(true);
    }
  });

  test('what goes wrong is in the report', async () => {
    const missing = join(scratch, 'missing');
    const env = { FUSIONCLIP_DENO: missing, FUSIONCLIP_CHROME: scratch };
    const reports = JSON.parse((await run('node', ['probe', 'fails'], env)).stdout) as RuntimeReport[];
    expect(reports[0]).toMatchObject({
      name: 'deno',
      found: false,
      error: expect.stringContaining(`FUSIONCLIP_DENO names ${missing}, which does not exist`),
    });
    expect(reports[1]).toMatchObject({ name: 'node', found: true, error: expect.stringContaining('has no images') });
    expect(reports[2]).toMatchObject({
      name: 'chrome',
      found: false,
      error: expect.stringContaining(`FUSIONCLIP_CHROME names ${scratch}, which is a folder`),
    });
  });
});

describe('missing parts', () => {
  test('Deno: named when asked for, announced when Node stands in', async () => {
    const file = join(scratch, 'deno');
    writeFileSync(file, '');
    const asked = await run('deno', ['exit', '0'], { FUSIONCLIP_DENO: file });
    expect(asked.code).toBe(3);
    expect(asked.stderr).toContain(`FUSIONCLIP_DENO names ${file}, which is not executable`);
    rmSync(file);
    const auto = await run('auto', ['arguments'], { FUSIONCLIP_DENO: scratch });
    expect(auto.code).toBe(0);
    expect(auto.stderr).toContain(`FUSIONCLIP_DENO names ${scratch}, which is a folder`);
    expect(auto.stderr).toContain('so this runs in Node');
    expect(JSON.parse(auto.stdout).runtime).toBe('node');
  });

  test('unknown runtime and driver', async () => {
    expect((await run('lynx', ['exit', '0'])).code).toBe(2);
    expect((await run('node', ['exit', '0'], { FUSIONCLIP_DRIVER: 'voodoo' })).code).toBe(2);
  });
});
