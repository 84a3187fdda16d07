import { type ClipConfig, presetConfig } from '../../src/clip/index.ts';
import { type Backbone, generatedBackbone } from '../../src/detect/backbone.ts';
import { FUSION_OPTIONS } from '../../src/fusion/index.ts';
import { isRead } from '../../src/fusion/presets.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { RunEvent } from '../../src/run/events.ts';
import { type TrainOutcome, trainRun } from '../../src/train/index.ts';
import type { TrainContext } from '../../src/train/train_run.ts';
import type { MemoryFileSystem } from '../data/memory_file_system.ts';

/** Settings that make a run of about a second. */
export const SMALL: Readonly<Record<string, string>> = {
  size: '42',
  shots: '2',
  aug: 'none',
  epochs: '3',
  batch: '3',
  'eval.every': '1',
  'prompt.nctx': '2',
  'map.files': 'none',
};

/** {@link SMALL} for another method: without what means nothing to it. */
export function smallSettings(settings: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { method = 'fusionclip' } = settings;
  const read = ([name]: [string, string]) => !(name in FUSION_OPTIONS) || isRead(method, name);
  return { ...Object.fromEntries(Object.entries(SMALL).filter(read)), ...settings };
}

/** One block of 32 numbers in either tower. */
export function tinyConfig(): ClipConfig {
  const config = presetConfig('T');
  const tower = { width: 32, layers: 1, heads: 2, mlp: 64 };
  const vision = { ...config.vision, ...tower, nativeSize: 56 };
  return { ...config, embed: 32, vision, text: { ...config.text, ...tower } };
}

/** A model of {@link tinyConfig}. */
export function tinyBackbone(seed = 1): Promise<Backbone> {
  return generatedBackbone(tinyConfig(), seed, 'tiny');
}

/** A context over files in memory that collects events. */
export function contextOf(
  gpu: Gpu,
  fs: MemoryFileSystem,
  more: Partial<TrainContext> = {},
): TrainContext & { fs: MemoryFileSystem; events: RunEvent[] } {
  const events: RunEvent[] = [];
  return {
    gpu,
    environment: { runtime: 'test', version: '0' },
    events,
    ...more,
    fs,
    onEvent: (event) => {
      events.push(event);
      more.onEvent?.(event);
    },
  };
}

/** Trains the tiny model on a set in memory. */
export async function smallRun(
  context: TrainContext,
  settings: Readonly<Record<string, string>> = {},
  out = '/run',
): Promise<TrainOutcome> {
  const model = await tinyBackbone();
  return trainRun(context, { data: '/Brain_AD', model, out, settings: smallSettings(settings) });
}

/** A text file of a file system in memory. */
export function textOf(fs: MemoryFileSystem, path: string): string {
  return new TextDecoder().decode(fs.files.get(path));
}

/** The lines of `metrics.jsonl` without what depends on the clock. */
export function metricsOf(fs: MemoryFileSystem, path = '/run/metrics.jsonl'): string[] {
  return textOf(fs, path)
    .trim()
    .split('\n')
    .map((line) => {
      const { seconds: _, etaSeconds: __, ...rest } = JSON.parse(line);
      return JSON.stringify(rest);
    });
}
