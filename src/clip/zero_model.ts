import { elements } from '../gpu/array.ts';
import type { ClipConfig } from './config.ts';
import type { MedClipConfig } from './medclip/config.ts';
import { medClipShapes } from './medclip/names.ts';
import type { MedClipWeights } from './medclip/vision.ts';
import { clipShapes } from './names.ts';
import type { ClipWeights, NamedTensors } from './weights.ts';

/** A model of zeros, for counting what a model of these sizes costs. */
export function zeroModel(config: ClipConfig): ClipWeights {
  return { config, ...zeroTensors(clipShapes(config)) };
}

/** {@link zeroModel} of a MedCLIP. */
export function zeroMedClip(config: MedClipConfig): MedClipWeights {
  return { config, ...zeroTensors(medClipShapes(config)) };
}

function zeroTensors(shapes: ReadonlyMap<string, readonly number[]>): NamedTensors {
  return {
    read: async (name) => new Float32Array(elements(shapes.get(name)!)),
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
