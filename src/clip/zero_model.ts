import { elements } from '../gpu/array.ts';
import type { ClipConfig } from './config.ts';
import { clipShapes } from './names.ts';
import type { ClipWeights, NamedTensors } from './weights.ts';

/** A model of zeros, for counting what a model of these sizes costs. */
export function zeroModel(config: ClipConfig): ClipWeights {
  return { config, ...zeroTensors(clipShapes(config)) };
}

/** Tensors of zeros with these shapes. The data of stored ones is of them all and not to be written to. */
export function zeroTensors(shapes: ReadonlyMap<string, readonly number[]>): NamedTensors {
  const read = async (name: string) => new Float32Array(elements(shapes.get(name)!));
  // Hundreds of millions of zeros would take seconds to make, and to look at.
  const largest = Math.max(...[...shapes.values()].map(elements));
  const floats = new Float32Array(largest);
  const halves = new Uint16Array(floats.buffer);
  return {
    read,
    stored: (name, storage) => {
      const size = elements(shapes.get(name)!);
      const dtype = storage === 'auto' ? 'f16' : storage;
      return { dtype, data: (dtype === 'f32' ? floats : halves).subarray(0, size), error: 0 };
    },
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
