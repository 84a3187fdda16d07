import { zeroTensors } from '../clip/zero_model.ts';
import type { MedClipConfig } from './config.ts';
import { medClipShapes } from './names.ts';
import type { MedClipWeights } from './stage_tower.ts';

/** A MedCLIP of zeros, for counting what a model of these sizes costs. */
export function zeroMedClip(config: MedClipConfig): MedClipWeights {
  return { config, ...zeroTensors(medClipShapes(config)) };
}
