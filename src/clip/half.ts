import { FusionclipError } from '../base/errors.ts';

const scratch = new DataView(new ArrayBuffer(4));

/** float32 bits of the float16 with these 16 bits; exact. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The 16 bits of the float16 nearest to `value` (taken as float32), ties to even; over 65519.99 it is infinite. */
export function floatToHalf(value: number): number {
  scratch.setFloat32(0, value);
  return halfOfBits(scratch.getUint32(0));
}

/** {@link floatToHalf} of the float32 with these 32 bits. */
export function halfOfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    // Below the smallest normal half: multiples of 2^-24, and a carry gives that smallest normal by itself.
    const shift = 126 - (magnitude >>> 23);
    return shift > 24 ? sign : sign | roundedShift((magnitude & 0x7fffff) | 0x800000, shift);
  }
  // Rebias the exponent by 112 and round away 13 bits; a carry out of the fraction lands in the exponent, as it should.
  return sign | roundedShift(magnitude - (112 << 23), 13);
}

/** Whether the float32 with these 32 bits is a float16 as well. */
export function isHalf(bits: number): boolean {
  const magnitude = bits & 0x7fffffff;
  if (magnitude >= 0x38800000) return magnitude < 0x47800000 && (magnitude & 0x1fff) === 0;
  const shift = 126 - (magnitude >>> 23);
  return magnitude === 0 || (shift < 24 && (magnitude & ((1 << shift) - 1)) === 0);
}

/** n / 2^shift, to the nearest integer, ties to even; at most 24 places. */
function roundedShift(n: number, shift: number): number {
  return (n + (1 << (shift - 1)) - 1 + ((n >>> shift) & 1)) >>> shift;
}

/** The 16 bits of the bfloat16 nearest to `value` (taken as float32), ties to even. */
export function floatToBfloat(value: number): number {
  scratch.setFloat32(0, value);
  return bfloatOfBits(scratch.getUint32(0));
}

/** {@link floatToBfloat} of the float32 with these 32 bits. */
export function bfloatOfBits(bits: number): number {
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

let halfTable: Float32Array | undefined;

/** The float32 of every float16, by its 16 bits. */
export function halfValues(): Float32Array {
  halfTable ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToFloat(bits));
  return halfTable;
}

/** Little-endian float16 values packed from float32, nearest even. All hosts of WebGPU are little-endian. */
export function packHalf(values: Float32Array): Uint8Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = halfOfBits(bits[i]);
  return new Uint8Array(out.buffer);
}

/**
 * The elements of a tensor as float32: exact from F32, F16, BF16 and the small integers, rounded from F64 and the wide
 * integers. `data` is little-endian, of any alignment; the result never shares memory with it.
 * @throws FusionclipError `bad_model` for a type that is no number
 */
export function toFloat32(dtype: string, data: Uint8Array): Float32Array<ArrayBuffer> {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const collect = (width: number, element: (offset: number) => number) => {
    const out = new Float32Array(Math.floor(data.length / width));
    for (let i = 0; i < out.length; i++) out[i] = element(i * width);
    return out;
  };
  switch (dtype) {
    case 'F32': {
      // A copy puts the bytes on an aligned buffer.
      const copy = new Uint8Array(data.length & ~3);
      copy.set(data.subarray(0, copy.length));
      return new Float32Array(copy.buffer);
    }
    case 'F16': {
      const table = halfValues();
      return collect(2, (at) => table[view.getUint16(at, true)]);
    }
    case 'BF16': {
      const out = new Uint32Array(data.length >> 1);
      for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true) << 16;
      return new Float32Array(out.buffer);
    }
    case 'F64':
      return collect(8, (at) => view.getFloat64(at, true));
    case 'I64':
      return collect(8, (at) => Number(view.getBigInt64(at, true)));
    case 'I32':
      return collect(4, (at) => view.getInt32(at, true));
    case 'I16':
      return collect(2, (at) => view.getInt16(at, true));
    case 'I8':
      return collect(1, (at) => view.getInt8(at));
    case 'U8':
    case 'BOOL':
      return collect(1, (at) => view.getUint8(at));
    default:
      throw new FusionclipError('bad_model', `A tensor has the type ${dtype}, which cannot be read as numbers.`);
  }
}

/** Index of the first NaN or infinity, or -1. */
export function firstNonFinite(values: ArrayLike<number>): number {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}
