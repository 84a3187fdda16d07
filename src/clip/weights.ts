import { FusionclipError } from '../base/errors.ts';
import type { ClipConfig } from './config.ts';
import type { StoredValues, WeightStorage } from './weight_storage.ts';

/** Tensors under their canonical names, from wherever they come. */
export interface NamedTensors {
  /** A whole tensor, row-major. Throws `FusionclipError('bad_model')` when it does not exist or is not finite. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>;
  /** Some rows (first axis) of a tensor, one after the other in the order asked for; rows may repeat. */
  readRows(name: string, rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>>;
  /** A whole tensor as `storeValues` would have it, where that is known without a look at each value. */
  stored?(name: string, storage: WeightStorage): StoredValues;
}

/** The weights of a CLIP model. */
export interface ClipWeights extends NamedTensors {
  readonly config: ClipConfig;
}

/** The parts one after the other. */
export function concatenated(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const out = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** `[rows, columns]` to `[columns, rows]`. */
export function transposed(values: Float32Array, rows: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) out[c * rows + r] = values[r * columns + c];
  }
  return out;
}

/** Weights in memory. */
export class TensorWeights implements ClipWeights {
  readonly config: ClipConfig;
  readonly tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>;

  /** @param tensors by canonical name, row-major, of the shapes that the configuration asks for */
  constructor(config: ClipConfig, tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>) {
    this.config = config;
    this.tensors = tensors;
  }

  async read(name: string): Promise<Float32Array<ArrayBuffer>> {
    const values = this.tensors.get(name);
    if (!values) throw new FusionclipError('bad_model', `The model in memory has no tensor ${name}.`);
    return values;
  }

  async readRows(name: string, rows: ArrayLike<number>): Promise<Float32Array<ArrayBuffer>> {
    const values = await this.read(name);
    const width = name === 'token_embedding.weight' ? this.config.text.width : values.length;
    return concatenated(Array.from(rows, (row) => values.subarray(row * width, (row + 1) * width)));
  }
}
