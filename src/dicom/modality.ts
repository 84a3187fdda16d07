import type { DataSet } from './data_set.ts';
import { type Lut, lookUp, readLut } from './lut.ts';
import type { PixelFormat } from './pixel_format.ts';
import { SEQUENCES } from './tags.ts';
import type { Samples } from './unpack.ts';

/** How stored values become those of the modality: Hounsfield units, for one. */
export type Modality = { readonly slope: number; readonly intercept: number } | { readonly lut: Lut };

/**
 * The rescale of a frame, or its table. Throws an `Error` where the slope is 0.
 * @param set the data set that holds the frame's rescale: its own group, or the whole
 * @param root where a table is
 */
export function readModality(set: DataSet, root: DataSet, signed: boolean): Modality {
  const [item] = root.items(SEQUENCES.modalityLut);
  if (item && !set.element('rescaleSlope')) return { lut: readLut(item, signed) };
  const slope = set.number('rescaleSlope', 1);
  if (slope === 0) throw new Error('its rescale slope is 0');
  return { slope, intercept: set.number('rescaleIntercept', 0) };
}

/**
 * Modality values of stored ones, not rounded: whole numbers in the smallest array that can hold all that the format may give, others
 * in 64 bits. Where nothing changes, these are `stored` itself.
 */
export function modalityValues(stored: Samples, modality: Modality, format: PixelFormat): Samples {
  if ('lut' in modality) {
    const { lut } = modality;
    const out = new Uint16Array(stored.length);
    for (let i = 0; i < out.length; i++) out[i] = lookUp(lut, stored[i]);
    return out;
  }
  const { slope, intercept } = modality;
  if (slope === 1 && intercept === 0) return stored;
  const whole = !format.float && Number.isInteger(slope) && Number.isInteger(intercept);
  const ends = storedRange(stored, format).map((value) => value * slope + intercept);
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const out = whole ? wholeNumbers(low, high, stored.length) : new Float64Array(stored.length);
  for (let i = 0; i < out.length; i++) out[i] = stored[i] * slope + intercept;
  return out;
}

/** The lowest and the highest number that there may be; what a codec gives may have more bits than the header says. */
function storedRange(stored: Samples, { bitsStored, signed, syntax }: PixelFormat): [number, number] {
  const clipped = syntax.packing === 'native' || syntax.packing === 'rle';
  const count = 2 ** (clipped ? bitsStored : 8 * stored.BYTES_PER_ELEMENT);
  return signed ? [-count / 2, count / 2 - 1] : [0, count - 1];
}

function wholeNumbers(low: number, high: number, length: number): Samples {
  if (low >= -0x8000 && high < 0x8000) return new Int16Array(length);
  if (low >= 0 && high < 0x10000) return new Uint16Array(length);
  if (low >= -0x80000000 && high < 0x80000000) return new Int32Array(length);
  return new Float64Array(length);
}

/** The stored values that say "no picture here" (pixel padding), lowest and highest, or null. */
export function readPadding(set: DataSet, bitsAllocated: number, signed: boolean): readonly [number, number] | null {
  const [value] = set.numbers('padding');
  if (value === undefined) return null;
  const limit = set.number('paddingLimit', value);
  // Written as unsigned by some where pixels are signed, and the other way round.
  const range = 2 ** bitsAllocated;
  const wrapped = [value, limit].map((v) => {
    const low = ((v % range) + range) % range;
    return signed && low >= range / 2 ? low - range : low;
  });
  return [Math.min(...wrapped), Math.max(...wrapped)];
}

/** 1 where a stored value is padding. */
export function inPadding(values: Samples, [low, high]: readonly [number, number]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) if (values[i] >= low && values[i] <= high) out[i] = 1;
  return out;
}
