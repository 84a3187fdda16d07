import { spawn } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { MARK, marked, ProcessorClock, until } from './processes.ts';

/** Milliseconds after SIGTERM in which a command has ended. */
const LIMIT = 2000;

/** A command in the middle of something. */
interface Moment {
  readonly phase: string;
  readonly args: (folder: string) => string[];
  /** What it has said by then, or the file below the folder that is there by then, and milliseconds after that. */
  readonly after: RegExp | string;
  readonly delay: number;
}

/** Milliseconds between two looks at what a command has said: some phases are short. */
const LOOK = 5;

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

/** Folder of the run that {@link preparation} makes, and the images that are looked at with it. */
const trained = (folder: string) => join(folder, 'trained');
const images = (folder: string) => join(folder, 'data', 'Brain');

/** What the moments of a folder need: pictures, and a trained run. */
export const preparation = (folder: string): string[][] => [
  [
    ...['phantom', '--set', 'brain', '--train', '0', '--valid', '24', '--test', '40', '--size', '168'],
    ...['--out', join(folder, 'data')],
  ],
  ['train', '--data', images(folder), '--model', 'tiny-clip', '--out', trained(folder), ...TRAIN(folder).slice(8)],
];

const PREDICT = (folder: string) => [
  ...['predict', '--run', trained(folder), '--out', join(folder, 'predicted')],
  join(images(folder), 'test'),
];
const EVAL = (folder: string) => ['eval', trained(folder), '--out', join(folder, 'evaluated')];
const REPORT = (folder: string) => ['report', trained(folder), '--out', join(folder, 'report.html')];
const COST = () => ['cost', '--model', 'tiny-clip'];
const CHECK = (folder: string) => ['data', 'check', images(folder)];
const AUDIT = (folder: string) => ['data', 'audit', images(folder)];

/** What the moments write. */
const OUTPUTS = ['demo', 'run', 'sweep', 'predicted', 'evaluated', 'report.html'];

/** What a command does at one time or another. */
export const MOMENTS: readonly Moment[] = [
  { phase: 'start', args: DEMO, after: /^/, delay: 150 },
  { phase: 'pictures of the demo', args: DEMO, after: ADAPTER, delay: 100 },
  { phase: 'reading images, loading the model', args: TRAIN, after: ADAPTER, delay: 300 },
  { phase: 'features', args: TRAIN, after: /: layout /, delay: 100 },
  { phase: 'first step', args: TRAIN, after: /features of the support images/, delay: 200 },
  { phase: 'training', args: TRAIN, after: /"type":"step"/, delay: 50 },
  { phase: 'validation', args: TRAIN, after: /remaining valid images/, delay: 50 },
  { phase: 'scoring', args: TRAIN, after: /"type":"eval"/, delay: 50 },
  { phase: 'maps', args: TRAIN, after: 'run/maps', delay: 10 },
  { phase: 'metrics', args: TRAIN, after: /\(chosen weights\)","done":40,"total":40/, delay: 0 },
  { phase: 'report', args: TRAIN, after: 'run/results.json', delay: 0 },
  { phase: 'sweep', args: SWEEP, after: /1 of \d+: /, delay: 200 },
  { phase: 'predict, loading', args: PREDICT, after: ADAPTER, delay: 50 },
  { phase: 'predict, scoring', args: PREDICT, after: 'predicted/predictions.csv', delay: 100 },
  { phase: 'eval', args: EVAL, after: ADAPTER, delay: 500 },
  { phase: 'report anew', args: REPORT, after: /^/, delay: 700 },
  { phase: 'cost', args: COST, after: /^/, delay: 700 },
  { phase: 'data check', args: CHECK, after: /^/, delay: 700 },
  { phase: 'data audit', args: AUDIT, after: /^/, delay: 700 },
];

/** How a command took SIGTERM. */
export interface Terminated {
  /** What is wrong, or null. */
  readonly problem: string | null;
  /** Milliseconds to its end, and of processor time of all of its processes in them. */
  readonly took: number;
  readonly worked: number;
}

/**
 * Sends SIGTERM to the launcher of a command in the middle of something: the command has to stop by itself, in time.
 * @param extra milliseconds that the moment comes later than it says
 */
export async function terminate(
  program: readonly string[],
  runtime: string,
  folder: string,
  moment: Moment,
  extra = 0,
): Promise<Terminated> {
  for (const name of OUTPUTS) rmSync(join(folder, name), { recursive: true, force: true });
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
  const { after } = moment;
  const isThere = () => (typeof after === 'string' ? existsSync(join(folder, after)) : after.test(said));
  const reached = await until(() => isThere() || code !== undefined, 240_000, LOOK);
  await new Promise((resolve) => setTimeout(resolve, moment.delay + extra));
  // A quick machine is done by then, or before it hears: earlier is another moment, and who hears nothing is not done at any.
  const earlier = () =>
    terminate(program, runtime, folder, { ...moment, delay: Math.floor(moment.delay / 2) }, Math.floor(extra / 2));
  if (!reached || code !== undefined) {
    child.kill('SIGKILL');
    await closed;
    if (code === 0 && moment.delay + extra > 0) return earlier();
    return {
      problem: `it ended with ${code} before the moment came: ${said.slice(-300)}`,
      took: 0,
      worked: 0,
    };
  }
  const clock = new ProcessorClock(mark);
  const start = performance.now();
  child.kill('SIGTERM');
  await closed;
  const took = Math.round(performance.now() - start);
  const worked = clock.stop();
  if (code === 0 && moment.delay + extra > 0) return earlier();
  const gone = await until(() => marked(mark).length === 0, 2000);
  const left = gone ? '' : `${marked(mark).length} processes were left`;
  const late = took > LIMIT ? `it took ${took} ms` : '';
  const half =
    existsSync(join(folder, 'run', 'results.json')) && !existsSync(join(folder, 'run', 'config.json'))
      ? 'a run without its configuration'
      : '';
  const ended = /could not stop in time/.test(said) ? 'it did not stop by itself' : '';
  const bad = code === 0 || code === 1 ? `it ended with ${code}: ${said.slice(-200)}` : '';
  return { problem: [left, half, bad, late, ended].filter(Boolean).join('; ') || null, took, worked };
}
