import type { DataSet } from './data_set.ts';
import { type Lut, lookUp, readLut } from './lut.ts';
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

/** Modality values of stored ones, not rounded. */
export function modalityValues(stored: Samples, modality: Modality): Float64Array<ArrayBuffer> {
  const out = new Float64Array(stored.length);
  if ('lut' in modality) {
    const { lut } = modality;
    for (let i = 0; i < out.length; i++) out[i] = lookUp(lut, stored[i]);
    return out;
  }
  const { slope, intercept } = modality;
  for (let i = 0; i < out.length; i++) out[i] = stored[i] * slope + intercept;
  return out;
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
