import { elements } from '../gpu/array.ts';
import type { ClipConfig } from './config.ts';
import { clipShapes } from './names.ts';
import type { ClipWeights, NamedTensors } from './weights.ts';

/** A model of zeros, for counting what a model of these sizes costs. */
export function zeroModel(config: ClipConfig): ClipWeights {
  return { config, ...zeroTensors(clipShapes(config)) };
}

/** Tensors of zeros with these shapes. Their data is of them all and not to be written to. */
export function zeroTensors(shapes: ReadonlyMap<string, readonly number[]>): NamedTensors {
  // Hundreds of millions of zeros would take seconds to make, and to look at; the largest tables are never read whole.
  let floats = new Float32Array(0);
  const zeros = (name: string) => {
    const size = elements(shapes.get(name)!);
    if (floats.length < size) floats = new Float32Array(size);
    return floats.subarray(0, size);
  };
  return {
    read: async (name) => zeros(name),
    stored: (name, storage) => {
      const data = zeros(name);
      const dtype = storage === 'auto' ? 'f16' : storage;
      return { dtype, data: dtype === 'f32' ? data : new Uint16Array(data.buffer, 0, data.length), error: 0 };
    },
    readRows: async (name, rows) => new Float32Array(rows.length * shapes.get(name)![1]),
  };
}
