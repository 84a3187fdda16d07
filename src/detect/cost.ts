import { clipShapes } from '../clip/index.ts';
import { zeroModel } from '../clip/zero_model.ts';
import { AUGMENTATIONS } from '../data/augment.ts';
import type { DatasetKind } from '../data/layout/dataset.ts';
import { methodPreset } from '../fusion/index.ts';
import { elements, GpuArray } from '../gpu/array.ts';
import { countingGpu } from '../gpu/counting.ts';
import { medClipShapes } from '../medclip/names.ts';
import { zeroMedClip } from '../medclip/zero_model.ts';
import { Adam, Tape } from '../nn/index.ts';
import type { RunSettings } from '../run/run_config.ts';
import type { AnyBackbone } from './backbone.ts';
import { Detector } from './detector.ts';
import type { Picture, View } from './pictures.ts';
import { SupportSet } from './support_set.ts';

/** Floating-point operations, as the kernels declare them where they are dispatched. */
export interface CostFlops {
  /** Once a run: sentences that nothing trains. */
  readonly text: number;
  /** Forward, backward and update for one view in one epoch; null where nothing is trained. */
  readonly view: number | null;
  /** One view through the frozen backbone, once a run; 0 where the backbone runs in every step. */
  readonly features: number;
  /** One normal support image into what the method remembers, its share of the text included. */
  readonly fit: number;
  /** One image from pixels to map and score. */
  readonly score: number;
}

/** Bytes on the GPU, as the pool hands them out. */
export interface CostBytes {
  /** Both towers, in the storage that `weights` says; `auto` as for a model in float16. */
  readonly weights: number;
  /** What is kept of the normal support images: their features, and the bank made of them. */
  readonly support: number;
  /** The most that scoring a batch of `eval.batch` needs beside these. */
  readonly scoring: number;
  /** The most that a training step of `batch` needs beside the towers, Adam's moments included; null where nothing is trained. */
  readonly training: number | null;
}

/** What a method costs with a model and settings: counted, not timed. */
export interface MethodCost {
  readonly method: string;
  readonly parameters: { readonly trained: number; readonly frozen: number };
  readonly flops: CostFlops;
  readonly bytes: CostBytes;
  /** The whole training with these settings; 0 where nothing is trained. */
  readonly trainingFlops: number;
}

/**
 * Counts what a method does: its own code runs on a stand-in for the GPU with a model of zeros of the backbone's sizes.
 * @param kind of the data set
 * @throws FusionclipError `usage` for settings that do not go with the model
 */
export async function methodCost(backbone: AnyBackbone, settings: RunSettings, kind: DatasetKind): Promise<MethodCost> {
  const { fusion: options, train } = settings;
  const gpu = countingGpu('hardware');
  const { zeros, shapes } = ofZeros(backbone, options.size);
  const detector = await Detector.open({ gpu, backbone: zeros, options, kind, object: 'image', seed: train.seed });
  const text = gpu.flops;
  const { parameters } = detector.method;
  const count = (all: typeof parameters) => all.reduce((sum, { value }) => sum + value.size, 0);
  const trained = parameters.filter(({ requiresGrad }) => requiresGrad);
  const towers = [...shapes.values()].reduce((sum, shape) => sum + elements(shape), 0);
  const training = methodPreset(options.method).trained ? trainingCost(detector, train.batch) : null;
  // In normal-only mode each normal image has a made counterpart.
  const views =
    (train.shots + (train['shots.abnormal'] || train.shots)) * (train.aug === 'mvfa' ? AUGMENTATIONS.length : 1);
  const scoring = await scoringCost(detector, train.shots, train['eval.batch']);
  return {
    method: options.method,
    parameters: { trained: count(trained), frozen: towers + count(parameters) - count(trained) },
    flops: { text, view: training?.view ?? null, features: training?.features ?? 0, ...scoring.flops },
    bytes: { weights: detector.storage.bytes, ...scoring.bytes, training: training?.bytes ?? null },
    trainingFlops: training ? views * (training.features + train.epochs * training.view) : 0,
  };
}

/** The same model with weights of zeros, made for images of a size so that no positions are resampled, and the shapes of its tensors. */
function ofZeros(
  backbone: AnyBackbone,
  size: number,
): { zeros: AnyBackbone; shapes: ReadonlyMap<string, readonly number[]> } {
  if (backbone.family === 'clip') {
    const { config } = backbone.weights;
    const vision = { ...config.vision, nativeSize: size };
    return { zeros: { ...backbone, weights: zeroModel({ ...config, vision }) }, shapes: clipShapes(config) };
  }
  const { config } = backbone.weights;
  return { zeros: { ...backbone, weights: zeroMedClip(config) }, shapes: medClipShapes(config) };
}

/** A training step of a batch. */
function trainingCost(
  detector: Detector,
  batch: number,
): Pick<CostFlops, 'features'> & { view: number; bytes: number } {
  const { gpu, method, vision, kind } = detector;
  const { size } = vision;
  using _scope = gpu.scope();
  const idle = gpu.pool.liveBytes;
  const images = GpuArray.empty(gpu, [batch, 3, size, size]);
  const targets = {
    label: GpuArray.empty(gpu, [batch]),
    mask: kind === 'pixel' ? GpuArray.empty(gpu, [batch, size, size]) : null,
  };
  const first = gpu.flops;
  const kept = method.frozen ? method.encode(images) : null;
  const features = gpu.flops - first;
  const adam = new Adam([{ parameters: method.parameters, lr: 1e-3 }]);
  gpu.pool.peakBytes = gpu.pool.liveBytes;
  const tape = new Tape();
  const { total } = tape.record(() => method.loss(kept ?? method.encode(images), targets));
  tape.backward(total, GpuArray.empty(gpu, [1]));
  adam.step();
  adam.release();
  const view = (gpu.flops - first - features) / batch;
  return { view, features: features / batch, bytes: gpu.pool.peakBytes - idle };
}

/** The support set and a batch of images. */
async function scoringCost(
  detector: Detector,
  shots: number,
  batch: number,
): Promise<{ flops: Pick<CostFlops, 'fit' | 'score'>; bytes: Pick<CostBytes, 'support' | 'scoring'> }> {
  const { gpu, vision } = detector;
  const { size } = vision;
  const black = { width: size, height: size, channels: 3 as const, data: new Uint8Array(3 * size * size) };
  const normal = Array.from({ length: shots }, () => ({ pixels: black, mask: null }));
  // Black whichever way it is turned.
  const input = new Float32Array(3 * size * size);
  const views = (_: Picture, aug: 'mvfa' | 'none'): View[] =>
    AUGMENTATIONS.slice(0, aug === 'mvfa' ? undefined : 1).map(({ name }) => ({ name, input, mask: null }));
  const before = { flops: gpu.flops, bytes: gpu.pool.liveBytes };
  const memory = new SupportSet(detector, normal, [], null, views);
  try {
    return await memory.withScorer(async ({ images }) => {
      using job = gpu.job();
      const fit = (gpu.flops - before.flops) / shots;
      const start = { flops: gpu.flops, bytes: gpu.pool.liveBytes };
      gpu.pool.peakBytes = start.bytes;
      await job.do(() => images.score(detector.encode(Array(batch).fill(input))));
      const score = (gpu.flops - start.flops) / batch;
      const scoring = gpu.pool.peakBytes - start.bytes;
      return { flops: { fit, score }, bytes: { support: start.bytes - before.bytes, scoring } };
    });
  } finally {
    memory.release();
  }
}
