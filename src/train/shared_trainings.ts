import { optionTexts } from '../base/option.ts';
import { modelKey } from '../detect/backbone.ts';
import type { Detector } from '../detect/detector.ts';
import { FUSION_OPTIONS, INFERENCE_SETTINGS } from '../fusion/index.ts';
import type { TrainedStep } from '../run/events.ts';
import { TRAIN_OPTIONS } from '../run/options.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { TrainerHooks } from './trainer.ts';

/** What a training did in an epoch. */
export interface TrainedEpoch {
  readonly steps: readonly TrainedStep[];
  /** At its end, by name of the parameter; null where a run does not look at them. */
  readonly weights: ReadonlyMap<string, Float32Array<ArrayBuffer>> | null;
}

/** A whole training with one learning rate. */
export interface KeptTraining {
  /** Folder of the run that did it. */
  readonly folder: string;
  readonly epochs: readonly TrainedEpoch[];
}

/**
 * Trainings of earlier runs in the memory of the host, with the weights that each of their evaluations looked at: runs that
 * differ in what inference reads alone choose among the same weights, so they do not have to train.
 */
export class SharedTrainings {
  readonly #bytes: number;
  /** Oldest first. */
  readonly #trainings = new Map<string, KeptTraining>();
  #hits = 0;

  /** @param bytes of weights; the oldest training is forgotten for one that does not fit any more */
  constructor(bytes: number) {
    this.#bytes = bytes;
  }

  /** Trainings that did not have to be done, so far. */
  get hits(): number {
    return this.#hits;
  }

  /** The training of a key made by `trainingKey`, or null. */
  find(key: string): KeptTraining | null {
    const kept = this.#trainings.get(key) ?? null;
    if (kept) this.#hits++;
    return kept;
  }

  /** Keeps a finished training for others. */
  keep(key: string, training: KeptTraining): void {
    this.#trainings.set(key, training);
    let used = [...this.#trainings.values()].reduce((sum, one) => sum + bytesOf(one), 0);
    for (const [oldest, one] of this.#trainings) {
      if (used <= this.#bytes) break;
      this.#trainings.delete(oldest);
      used -= bytesOf(one);
    }
  }
}

/** All that a training depends on, as text: the model, the data, the method and the settings that are not inference's alone. */
export function trainingKey({ fusion, train, kind, object, model, data }: RunConfig, candidate: number): string {
  const texts = Object.entries(optionTexts(FUSION_OPTIONS, fusion));
  const read = texts.filter(([name]) => name === 'method' || !INFERENCE_SETTINGS.includes(name));
  return JSON.stringify([read, optionTexts(TRAIN_OPTIONS, train), kind, object, modelKey(model), data.path, candidate]);
}

/** Goes through a training that was done before in the place of a `Trainer`: the same steps, the same weights. */
export class TrainingReplay {
  readonly #detector: Detector;
  readonly #training: KeptTraining;
  #epoch = 0;

  constructor(detector: Detector, training: KeptTraining) {
    this.#detector = detector;
    this.#training = training;
  }

  /** Whole epochs done. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Steps done. */
  get step(): number {
    return this.#training.epochs.slice(0, this.#epoch).reduce((sum, { steps }) => sum + steps.length, 0);
  }

  /** Tells of the steps of the next epoch and puts its weights in, where they are known. */
  runEpoch({ onStep }: TrainerHooks = {}): void {
    const { steps, weights } = this.#training.epochs[this.#epoch++];
    for (const step of steps) onStep?.(step);
    if (!weights) return;
    for (const { name, value } of this.#detector.method.parameters) value.write(weights.get(name)!);
  }
}

/** The weights of a detector as they are now. */
export async function weightsOf({ method }: Detector): Promise<Map<string, Float32Array<ArrayBuffer>>> {
  const weights = new Map<string, Float32Array<ArrayBuffer>>();
  for (const { name, value } of method.parameters) weights.set(name, await value.read());
  return weights;
}

function bytesOf({ epochs }: KeptTraining): number {
  const weights = epochs.flatMap((epoch) => [...(epoch.weights?.values() ?? [])]);
  return weights.reduce((sum, { byteLength }) => sum + byteLength, 0);
}
