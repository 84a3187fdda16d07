import type { ClipConfig } from '../../src/clip/index.ts';
import { generatedBackbone } from '../../src/detect/backbone.ts';
import { Detector } from '../../src/detect/detector.ts';
import type { TrainItem } from '../../src/detect/support.ts';
import { fusionOptions } from '../../src/fusion/index.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { trainOptions } from '../../src/run/options.ts';
import { Trainer } from '../../src/train/index.ts';

/** What is trained. */
export interface TrainingSizes {
  /** Of the model, for messages. */
  readonly name: string;
  readonly config: ClipConfig;
  /** Pixels of an image's side. */
  readonly size: number;
  readonly batch: number;
  /** Of the weights. */
  readonly storage: 'f32' | 'f16';
  /** A trainer for each: whether it records every step anew. */
  readonly eager: readonly boolean[];
}

/** Trainers on one batch of images with masks, features cached: an epoch is a step. */
export async function trainingOf(gpu: Gpu, { name, config, size, batch, storage, eager }: TrainingSizes) {
  const detector = await Detector.open({
    ...{ gpu, backbone: await generatedBackbone(config, 1, name), kind: 'pixel', object: 'Brain', seed: 1 },
    options: fusionOptions({ size: String(size), weights: storage }),
  });
  const items = Array.from({ length: batch }, (_, i): TrainItem => {
    const input = Float32Array.from({ length: 3 * size * size }, (_, k) => Math.sin(k * (i + 1)));
    const mask = Uint8Array.from({ length: size * size }, (_, k) => (i % 2 && k % size < size / 4 ? 1 : 0));
    return { id: String(i), label: (i % 2) as 0 | 1, input, mask };
  });
  const options = trainOptions({ batch: String(batch), epochs: '1000000' });
  const trainers = eager.map((each) => new Trainer(detector, items, options, { eager: each }));
  for (const trainer of trainers) await trainer.prepare();
  const release = (): void => {
    for (const trainer of trainers) trainer.release();
    detector.release();
  };
  return { trainers, bytes: detector.storage.bytes, release };
}
