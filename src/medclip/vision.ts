import type { Gpu } from '../gpu/gpu.ts';
import { ResNetTower } from './resnet.ts';
import type { MedClipVisionOptions, MedClipWeights, StageTower } from './stage_tower.ts';
import { SwinTower } from './swin.ts';

/** Loads the vision tower that the configuration names. Throws `bad_model` when a tensor cannot be read. */
export function loadMedClipVision(
  gpu: Gpu,
  weights: MedClipWeights,
  options: MedClipVisionOptions,
): Promise<StageTower> {
  const { vision } = weights.config;
  if (vision.kind === 'swin') return SwinTower.load(gpu, weights, vision, options);
  return ResNetTower.load(gpu, weights, vision, options);
}
