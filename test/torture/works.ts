import { joinPath } from '../../src/base/paths.ts';
import { evaluateRun } from '../../src/detect/evaluate_run.ts';
import { predictImages } from '../../src/detect/predict.ts';
import type { RunContext } from '../../src/detect/run_context.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { pretrain, resumePretrain } from '../../src/pretrain/index.ts';
import { resumeRun, trainRun } from '../../src/train/index.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';
import { ruleSet } from '../train/rule_set.ts';
import { contextOf, smallSettings, tinyBackbone } from '../train/small_run.ts';
import type { FragileGpu, Loss } from './fragile_gpu.ts';

/** A piece of work whose result is files, which must not depend on how often its device is lost. */
export interface Work {
  readonly name: string;
  /** Files before the work. */
  files(gpu: Gpu): Promise<MemoryFileSystem>;
  run(context: RunContext): Promise<unknown>;
  /** Goes on after a failure that left something to go on from; null where there is nothing but to begin again. */
  readonly resume: ((context: RunContext) => Promise<unknown>) | null;
  /** What its result is. */
  readonly results: readonly string[];
}

const SETTINGS = { epochs: '2', 'checkpoint.every': '2' };

const PAIRS = {
  families: 'brain',
  batch: '4',
  patch: '8',
  width: '16',
  heads: '2',
  layers: '1',
  'text-width': '16',
  'text-heads': '2',
  'text-layers': '1',
  embed: '16',
  vocab: '530',
  stages: '32x4,40x3',
  'checkpoint.every': '3',
};

let trained: MemoryFileSystem | null = null;

/** A set with a trained run in `/run`. */
async function trainedSet(gpu: Gpu): Promise<MemoryFileSystem> {
  if (!trained) {
    const fs = ruleSet();
    await train(contextOf(gpu, fs), '/run');
    trained = fs;
  }
  return new MemoryFileSystem(trained.files);
}

async function train(context: RunContext, out: string) {
  const model = await tinyBackbone();
  return trainRun(context, { data: '/Brain_AD', model, out, settings: smallSettings(SETTINGS) });
}

const inFolder = (folder: string, names: readonly string[]) => names.map((name) => joinPath(folder, name));

export const WORKS: readonly Work[] = [
  {
    name: 'train',
    files: async () => ruleSet(),
    run: (context) => train(context, '/run'),
    resume: async (context) => resumeRun(context, '/run', { model: await tinyBackbone() }),
    results: inFolder('/run', [
      ...['checkpoint/adapters.safetensors', 'checkpoint/best.safetensors', 'checkpoint/last.safetensors'],
      ...['checkpoint/latest.safetensors', 'predictions.csv', 'results.json'],
    ]),
  },
  {
    name: 'eval',
    files: trainedSet,
    run: async (context) => evaluateRun(context, { adapters: '/run', model: await tinyBackbone(), out: '/out' }),
    resume: null,
    results: inFolder('/out', ['results.json', 'predictions.csv']),
  },
  {
    name: 'predict',
    files: trainedSet,
    run: async (context) => {
      const paths = ['/Brain_AD/test'];
      return predictImages(context, { adapters: '/run', model: await tinyBackbone(), paths, out: '/out' });
    },
    resume: null,
    results: inFolder('/out', ['predictions.json', 'predictions.csv']),
  },
  {
    name: 'pretrain',
    files: async () => new MemoryFileSystem(),
    run: (context) => pretrain(context, { out: '/clip', settings: PAIRS }),
    resume: (context) => resumePretrain(context, '/clip'),
    results: inFolder('/clip', ['model.safetensors', 'checkpoint/latest.safetensors']),
  },
];

/** What became of a work. */
export interface Worked {
  readonly fs: MemoryFileSystem;
  /** Sentences that were told. */
  readonly notes: readonly string[];
  readonly devices: number;
  readonly calls: number;
  /** What it ended with, or null. */
  readonly error: unknown;
}

/** Does a work on devices that are lost as told. @param renew whether it may open new ones */
export async function workOn(
  fragile: FragileGpu,
  work: Work,
  losses: readonly Loss[],
  { renew = true, last = false } = {},
): Promise<Worked> {
  fragile.arm([]);
  const whole = await fragile.open();
  const fs = await work.files(whole);
  await whole.destroy();
  fragile.arm(losses, last);
  const notes: string[] = [];
  let error: unknown = null;
  let gpu = await fragile.open();
  const renewGpu = async (lost: Gpu) => {
    if (lost !== gpu) return gpu;
    void gpu.destroy();
    gpu = await fragile.open();
    return gpu;
  };
  const onEvent: RunContext['onEvent'] = (event) => void (event.type === 'note' && notes.push(event.text));
  try {
    await work.run(contextOf(gpu, fs, { onEvent, ...(renew && { renewGpu }) }));
  } catch (thrown) {
    error = thrown;
  }
  await gpu.destroy();
  const { calls, devices } = fragile;
  return { fs, notes, devices, calls, error };
}

/** The first file of a work's results that differs, or null. */
export function difference(work: Work, one: MemoryFileSystem, other: MemoryFileSystem): string | null {
  for (const path of work.results) {
    const [a, b] = [one.files.get(path), other.files.get(path)];
    if (!a || !b || a.length !== b.length || a.some((byte, i) => byte !== b[i])) return path;
  }
  return null;
}
