import { elements } from '../gpu/array.ts';
import type { ClipConfig } from './config.ts';
import { clipShapes } from './names.ts';
import type { ClipWeights, NamedTensors } from './weights.ts';

/** A model of zeros, for counting what a model of these sizes costs. */
export function zeroModel(config: ClipConfig): ClipWeights {
  return { config, ...zeroTensors(clipShapes(config)) };
}

/** Tensors of zeros with these shapes. */
export function zeroTensors(shapes: ReadonlyMap<string, readonly number[]>): NamedTensors {
  return {
    read: async (name) => new Float32Array(elements(shapes.get(name)!)),
    // A look at hundreds of millions of zeros would take seconds.
    stored: (name, storage) => {
      const size = elements(shapes.get(name)!);
      const dtype = storage === 'auto' ? 'f16' : storage;
      return { dtype, data: dtype === 'f32' ? new Float32Array(size) : new Uint16Array(size), error: 0 };
    },
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
