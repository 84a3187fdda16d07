import { textColumns } from '../src/base/columns.ts';
import { type ClipConfig, TextTower, Tokenizer, VisionTower } from '../src/clip/index.ts';
import { zeroModel } from '../src/clip/zero_model.ts';
import { extractFeatures, type Features, FusionModel, fusionOptions, tappedLayers } from '../src/fusion/index.ts';
import { GpuArray } from '../src/gpu/array.ts';
import { countingGpu } from '../src/gpu/counting.ts';
import type { Gpu } from '../src/gpu/gpu.ts';
import { Adam, Tape, type Tensor } from '../src/nn/index.ts';
import { plainPrompts } from '../test/reference/plain_prompts.ts';

/** Floating-point operations of a part of a training step. */
export interface OperationCount {
  readonly part: string;
  /** As it is done. */
  readonly done: number;
  /** With all sentences padded to the whole context, all rows computed, and the backbone run in every step. */
  readonly plain: number;
}

/** Images of the step that is counted. */
const BATCH = 16;

/**
 * Counts a training step with the default settings (12 sentences for each layer and branch): what the wrappers declare
 * where they dispatch, on a stand-in for the GPU.
 */
export async function countOperations(config: ClipConfig, size: number): Promise<OperationCount[]> {
  const gpu = countingGpu('hardware');
  using _scope = gpu.scope();
  const { saving, plain, extract, step } = await trainingParts(gpu, config, size);
  const features = extract();
  const count = (work: () => void): number => {
    const before = gpu.flops;
    using _inner = gpu.scope();
    work();
    return gpu.flops - before;
  };
  const throughText = (textFeatures: () => Tensor): void => {
    const tape = new Tape();
    const out = tape.record(textFeatures);
    tape.backward(out, GpuArray.empty(gpu, out.shape));
  };
  return [
    {
      part: 'text features, forward',
      done: count(() => new Tape().record(saving)),
      plain: count(() => new Tape().record(plain)),
    },
    {
      part: 'text features, forward and backward',
      done: count(() => throughText(saving)),
      plain: count(() => throughText(plain)),
    },
    {
      part: `training step of ${BATCH} images`,
      done: count(() => step(features, saving)),
      plain: count(() => step(extract(), plain)),
    },
  ];
}

/** The parts of a training step with the default settings, on a `Gpu` that need not be a device. */
export async function trainingParts(gpu: Gpu, config: ClipConfig, size: number) {
  const weights = zeroModel(config);
  const options = fusionOptions({ size: String(size) });
  const lastLayer = Math.max(...tappedLayers(options, config.vision.layers));
  const vision = await VisionTower.load(gpu, weights, { size, lastLayer });
  const text = await TextTower.load(gpu, weights);
  const tokenizer = await Tokenizer.openai();
  const parts = { gpu, vision, text, tokenizer, options, kind: 'pixel' as const, object: 'Brain', seed: 1 };
  const model = await FusionModel.create(parts);
  const plain = await plainPrompts({ ...parts, paths: model.paths }, model.prompts.parameters);
  const images = GpuArray.empty(gpu, [BATCH, 3, size, size]);
  const extract = () => extractFeatures(vision, images, { layers: model.layers, tokens: 'raw' }).features;
  const targets = { label: GpuArray.empty(gpu, [BATCH]), mask: GpuArray.empty(gpu, [BATCH, size, size]) };
  const adam = new Adam([{ parameters: model.parameters, lr: 1e-3 }]);
  const step = (features: Features, textFeatures: () => Tensor): void => {
    const tape = new Tape();
    const { total } = tape.record(() => model.loss(features, targets, textFeatures()));
    tape.backward(total, GpuArray.empty(gpu, [1]));
    adam.step();
  };
  return {
    /** Text features as they are computed, and with all sentences padded. */
    saving: () => model.textFeatures(),
    plain,
    extract,
    step,
  };
}

/** The counts as a table. */
export function formatOperations(counts: readonly OperationCount[]): string {
  const rows = counts.map(({ part, done, plain }) => [
    `  ${part}`,
    ...[done, plain].map((flops) => (flops / 1e9).toFixed(0)),
    `× ${(plain / done).toFixed(2)}`,
  ]);
  return textColumns([['  GFLOP', 'done', 'plain', 'fewer'], ...rows], 'lr');
}
