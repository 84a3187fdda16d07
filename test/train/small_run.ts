import { presetConfig } from '../../src/clip/index.ts';
import { encodePng } from '../../src/data/encode.ts';
import { rulePicture } from '../../src/data/picture.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import {
  type Backbone,
  generatedBackbone,
  type RunContext,
  type RunEvent,
  type TrainOutcome,
  trainRun,
} from '../../src/train/index.ts';
import { MemoryFileSystem } from '../data/memory_file_system.ts';

/** A data set of rule pictures, 64×64, with `count` normal and abnormal images in each split, at `/Brain_AD`. */
export function ruleSet(kind: 'pixel' | 'image' = 'pixel', count = 4): MemoryFileSystem {
  const files: [string, Uint8Array][] = [];
  for (const split of ['valid', 'test']) {
    for (const [name, lesions] of [
      ['good', 0],
      ['Ungood', 2],
    ] as const) {
      for (let i = 0; i < count; i++) {
        const { image, mask } = rulePicture(`${split}.${name}.${i}`, 5, 64, 64, 3, lesions);
        const folder = `/Brain_AD/${split}/${name}`;
        files.push([`${folder}/${kind === 'pixel' ? 'img/' : ''}${i}.png`, encodePng(image)]);
        if (kind === 'pixel' && lesions) files.push([`${folder}/anomaly_mask/${i}.png`, encodePng(mask)]);
      }
    }
  }
  return new MemoryFileSystem(files);
}

/** Settings that make a run of some seconds. */
export const SMALL: Readonly<Record<string, string>> = {
  size: '56',
  shots: '2',
  aug: 'none',
  epochs: '3',
  batch: '2',
  'eval.every': '1',
  'prompt.nctx': '2',
  'map.files': 'none',
};

/** One block of 32 numbers in either tower. */
export async function tinyBackbone(): Promise<Backbone> {
  const config = presetConfig('T');
  const tower = { width: 32, layers: 1, heads: 2, mlp: 64 };
  const tiny = {
    ...config,
    embed: 32,
    vision: { ...config.vision, ...tower, nativeSize: 56 },
    text: { ...config.text, ...tower },
  };
  return generatedBackbone(tiny, 1, 'tiny');
}

/** A context over files in memory that collects events. */
export function contextOf(
  gpu: Gpu,
  fs: MemoryFileSystem,
  more: Partial<RunContext> = {},
): RunContext & { events: RunEvent[] } {
  const events: RunEvent[] = [];
  return {
    fs,
    gpu,
    environment: { runtime: 'test', version: '0' },
    events,
    ...more,
    onEvent: (event) => {
      events.push(event);
      more.onEvent?.(event);
    },
  };
}

/** Trains on a set in memory with the model T. */
export function smallRun(
  context: RunContext,
  settings: Readonly<Record<string, string>> = {},
  out = '/run',
): Promise<TrainOutcome> {
  return trainRun(context, { data: '/Brain_AD', model: 'generated:T:1', out, settings: { ...SMALL, ...settings } });
}
