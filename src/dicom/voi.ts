import { exp } from '../base/elementary.ts';
import type { DataSet } from './data_set.ts';
import { type Lut, lookUp, readLut } from './lut.ts';

/** How a window is applied (PS3.3 C.11.2.1). */
export type VoiFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/** A window, in modality values. */
export interface Window {
  readonly center: number;
  readonly width: number;
  readonly shape: VoiFunction;
}

/** What a file says about how its values are shown. */
export interface Voi {
  readonly windows: readonly (Window & { readonly explanation: string })[];
  readonly luts: readonly Lut[];
}

/**
 * The windows and tables of a frame; windows that the function cannot take (a width below 1, or of 0) are left out.
 * @param sets the data set of the frame's VOI and the one that holds the tables
 * @param signed whether modality values may be negative
 */
export function readVoi(sets: readonly DataSet[], signed: boolean): Voi {
  const set = sets.find((one) => one.element('windowCenter')) ?? sets[0];
  const centers = set.numbers('windowCenter');
  const widths = set.numbers('windowWidth');
  const named = set.string('voiFunction');
  const shape: VoiFunction = named === 'SIGMOID' || named === 'LINEAR_EXACT' ? named : 'LINEAR';
  const explanations = set.label('windowExplanation').split('\\');
  const windows = centers
    .slice(0, widths.length)
    .map((center, i) => ({ center, width: widths[i], shape, explanation: explanations[i]?.trim() ?? '' }))
    .filter(({ width }) => (shape === 'LINEAR' ? width >= 1 : width > 0));
  const items = sets.flatMap((one) => one.items(VOI_LUT));
  return { windows, luts: items.map((item) => readLut(item, signed)) };
}

const VOI_LUT = 0x00283010;

/**
 * Where a modality value lies in a window: 0 at its dark end, 1 at its bright one. In a linear window of PS3.3 the width counts
 * levels, so it is one more than the distance of its ends; an exact one has none of that.
 */
export function windowed(value: number, { center, width, shape }: Window): number {
  if (shape === 'SIGMOID') return 1 / (1 + exp((-4 * (value - center)) / width));
  const exact = shape === 'LINEAR_EXACT';
  const middle = exact ? center : center - 0.5;
  const distance = exact ? width : width - 1;
  const low = middle - distance / 2;
  if (value <= low) return 0;
  return value > middle + distance / 2 ? 1 : (value - middle) / distance + 0.5;
}

/** Where a modality value lies by a table: its entry over the largest that its bits can hold. */
export function lookedUp(value: number, lut: Lut): number {
  return lookUp(lut, value) / (2 ** Math.min(16, Math.max(1, lut.bits)) - 1);
}
