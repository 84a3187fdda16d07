import { swapBytes } from '../base/bytes.ts';
import { KIND_BYTES, type NumberKind } from './header.ts';

/** Numbers as they are stored. */
export type Stored =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

const ARRAYS = {
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i16: Int16Array,
  u32: Uint32Array,
  i32: Int32Array,
  u64: BigUint64Array,
  i64: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
} as const;

/** Numbers of a file's bytes; these are copied where they lie in the other order, or not on a number's boundary. */
export function storedNumbers(bytes: Uint8Array<ArrayBuffer>, kind: NumberKind, littleEndian: boolean): Stored {
  const size = KIND_BYTES[kind];
  const count = Math.floor(bytes.length / size);
  let own = bytes;
  if (bytes.byteOffset % size !== 0 || (!littleEndian && size > 1)) own = bytes.slice(0, count * size);
  if (!littleEndian) swapBytes(own, size);
  return new ARRAYS[kind](own.buffer, own.byteOffset, count);
}

/** Values of stored numbers `from`, `from + step`, …, as many as `out` holds: slope times the number, plus intercept. */
export function scaledValues(
  stored: Stored,
  { slope, intercept }: { slope: number; intercept: number },
  out: Float64Array,
  from = 0,
  step = 1,
): void {
  for (let i = 0, at = from; i < out.length; i++, at += step) out[i] = Number(stored[at]) * slope + intercept;
}
