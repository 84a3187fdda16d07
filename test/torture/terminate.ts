import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { MARK, marked, until } from './processes.ts';

/** Milliseconds after SIGTERM in which a command has ended. */
const LIMIT = 2000;

/** A command in the middle of something. */
interface Moment {
  readonly phase: string;
  readonly args: (folder: string) => string[];
  /** What it has said by then, and milliseconds after that. */
  readonly after: RegExp;
  readonly delay: number;
}

const DEMO = (folder: string) => ['demo', '--out', join(folder, 'demo'), '--epochs', '3'];
const TRAIN = (folder: string) => [
  ...[
    'train',
    '--data',
    join(folder, 'data', 'Brain'),
    '--model',
    'tiny-clip',
    '--out',
    join(folder, 'run'),
    '--force',
  ],
  ...['--epochs', '1', '--aug', 'none', '--size', '168', '--prompt.nctx', '4'],
];
const SWEEP = (folder: string) => [
  'sweep',
  ...TRAIN(folder).slice(1, 5),
  '--out',
  join(folder, 'sweep'),
  ...TRAIN(folder).slice(8),
];
const ADAPTER = /^fusionclip: .+; (deno|node|chrome)/m;

/** What a command does at one time or another. */
export const MOMENTS: readonly Moment[] = [
  { phase: 'start', args: DEMO, after: /^/, delay: 150 },
  { phase: 'pictures of the demo', args: DEMO, after: ADAPTER, delay: 100 },
  { phase: 'reading images, loading the model', args: TRAIN, after: ADAPTER, delay: 300 },
  { phase: 'features', args: TRAIN, after: /: layout /, delay: 100 },
  { phase: 'training', args: TRAIN, after: /"type":"step"/, delay: 50 },
  { phase: 'scoring', args: TRAIN, after: /"type":"eval"/, delay: 50 },
  { phase: 'maps', args: TRAIN, after: /scores of the test images/, delay: 30 },
  { phase: 'report', args: TRAIN, after: /"what":"maps"/, delay: 30 },
  { phase: 'sweep', args: SWEEP, after: /1 of \d+: /, delay: 200 },
];

/**
 * Sends SIGTERM to the launcher of a command in the middle of something.
 * @returns what is wrong, or null; and how long it took in milliseconds
 */
export async function terminate(
  program: readonly string[],
  runtime: string,
  folder: string,
  moment: Moment,
): Promise<{ readonly problem: string | null; readonly took: number }> {
  for (const name of ['demo', 'run', 'sweep']) rmSync(join(folder, name), { recursive: true, force: true });
  const mark = `term-${process.pid}-${Date.now()}`;
  const [command, ...before] = program;
  const child = spawn(command, [...before, '--runtime', runtime, ...moment.args(folder)], {
    env: { ...process.env, [MARK]: mark },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let code: number | null | undefined;
  const closed = new Promise<void>((resolve) =>
    child.once('close', (value) => {
      code = value;
      resolve();
    }),
  );
  const reached = await until(() => moment.after.test(said) || code !== undefined, 240_000);
  await new Promise((resolve) => setTimeout(resolve, moment.delay));
  if (!reached || code !== undefined) {
    child.kill('SIGKILL');
    await closed;
    return { problem: `it ended with ${code} before the moment came: ${said.slice(-300)}`, took: 0 };
  }
  const start = performance.now();
  child.kill('SIGTERM');
  await closed;
  const took = Math.round(performance.now() - start);
  const gone = await until(() => marked(mark).length === 0, 2000);
  const left = gone ? '' : `${marked(mark).length} processes were left`;
  const late = took > LIMIT ? `it took ${took} ms` : '';
  const half =
    existsSync(join(folder, 'run', 'results.json')) && !existsSync(join(folder, 'run', 'config.json'))
      ? 'a run without its configuration'
      : '';
  const bad = code === 0 || code === 1 ? `it ended with ${code}: ${said.slice(-200)}` : '';
  return { problem: [left, late, half, bad].filter(Boolean).join('; ') || null, took };
}
