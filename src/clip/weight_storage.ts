import { FusionclipError } from '../base/errors.ts';
import { bfloatOfBits, halfOfBits, halfValues, isHalf } from './half.ts';

/**
 * How the matrices of a frozen tower lie on the GPU. They are decoded where they are read and products are added in
 * float32, so a type that holds their values exactly changes no result. `auto`: for each matrix the first of f16, bf16
 * and f32 that does.
 */
export type WeightStorage = 'auto' | 'f32' | 'f16' | 'bf16';

/** Values in the type that they are stored as, with what it did to them. */
export interface StoredValues {
  readonly dtype: 'f32' | 'f16' | 'bf16';
  /** float32 values, or 16-bit patterns. */
  readonly data: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer>;
  /** Largest change of a value, divided by the largest magnitude; 0 when nothing was lost. */
  readonly error: number;
}

/**
 * Stores finite values.
 * @throws FusionclipError `bad_model` when a value is too large for the type
 */
export function storeValues(name: string, values: Float32Array<ArrayBuffer>, storage: WeightStorage): StoredValues {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const dtype = storage === 'auto' ? exactType(bits) : storage;
  if (dtype === 'f32') return { dtype, data: values, error: 0 };
  const data = new Uint16Array(values.length);
  const table = halfValues();
  const word = new Uint32Array(1);
  const float = new Float32Array(word.buffer);
  let change = 0;
  let most = 0;
  for (let i = 0; i < data.length; i++) {
    const value = values[i];
    data[i] = dtype === 'f16' ? halfOfBits(bits[i]) : bfloatOfBits(bits[i]);
    word[0] = data[i] << 16;
    const stored = dtype === 'f16' ? table[data[i]] : float[0];
    change = Math.max(change, Math.abs(stored - value));
    most = Math.max(most, Math.abs(value));
  }
  if (change === Number.POSITIVE_INFINITY) {
    const advice = dtype === 'f16' ? '--weights bf16, f32 or auto' : '--weights f32 or auto';
    throw new FusionclipError('bad_model', `${name} has a value of ${most}, too large for ${dtype}; use ${advice}.`);
  }
  return { dtype, data, error: change === 0 ? 0 : change / most };
}

/** The smallest type that has all values exactly; of two equally small ones that with more digits. */
function exactType(bits: Uint32Array): StoredValues['dtype'] {
  let half = true;
  let bfloat = true;
  for (let i = 0; i < bits.length && (half || bfloat); i++) {
    half &&= isHalf(bits[i]);
    bfloat &&= (bits[i] & 0xffff) === 0;
  }
  return half ? 'f16' : bfloat ? 'bf16' : 'f32';
}

/** What became of the tensors of a model on their way to the GPU. */
export class StorageReport {
  /** Bytes of all tensors. */
  bytes = 0;
  /** Matrices by type. */
  readonly matrices = { f32: 0, f16: 0, bf16: 0 };
  /** Matrices that the type could not hold exactly. */
  rounded = 0;
  /** The largest `error` of `StoredValues`. */
  error = 0;

  /** Counts a matrix; its bytes are counted by who uploads it. */
  add({ dtype, error }: StoredValues): void {
    this.matrices[dtype]++;
    if (error > 0) this.rounded++;
    this.error = Math.max(this.error, error);
  }

  /** E.g. `weights: 100 matrices in f16 (lossless), 611 MiB on the GPU`. */
  toString(): string {
    const parts = Object.entries(this.matrices).filter(([, count]) => count > 0);
    const types = parts.map(([dtype, count]) => `${count} ${count === 1 ? 'matrix' : 'matrices'} in ${dtype}`);
    const loss =
      this.rounded === 0
        ? 'lossless'
        : `${this.rounded} of them rounded, by up to ${this.error.toExponential(1)} of their largest value`;
    return `weights: ${types.join(', ')} (${loss}), ${Math.round(this.bytes / 2 ** 20)} MiB on the GPU`;
  }
}

/** Several reports as one. */
export function joinReports(reports: readonly StorageReport[]): StorageReport {
  const all = new StorageReport();
  for (const { bytes, matrices, rounded, error } of reports) {
    all.bytes += bytes;
    for (const dtype of ['f32', 'f16', 'bf16'] as const) all.matrices[dtype] += matrices[dtype];
    all.rounded += rounded;
    all.error = Math.max(all.error, error);
  }
  return all;
}
