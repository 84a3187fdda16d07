import { elements } from '../gpu/array.ts';
import type { ClipConfig } from './config.ts';
import { clipShapes } from './names.ts';
import type { ClipWeights } from './weights.ts';

/** A model of zeros, for counting what a model of these sizes costs. */
export function zeroModel(config: ClipConfig): ClipWeights {
  const shapes = clipShapes(config);
  return {
    config,
    read: async (name) => new Float32Array(elements(shapes.get(name)!)),
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
