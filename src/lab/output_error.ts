import type { Tolerance } from './kernel.ts';

/** How far an output is from its reference. */
export interface OutputError {
  readonly name: string;
  readonly size: number;
  /** Largest |value − reference|; NaN where a value is none. */
  readonly absolute: number;
  /** The same as a share of the largest |reference|. */
  readonly relative: number;
  /** Values that are farther off than the tolerance allows. */
  readonly beyond: number;
  /** Values that are no numbers, or never written. */
  readonly notFinite: number;
  /** The element that is farthest off. */
  readonly worst: { readonly at: number; readonly value: number; readonly expected: number };
}

/** @throws Error when there are more or fewer values than the reference has */
export function outputError(
  name: string,
  values: ArrayLike<number>,
  expected: ArrayLike<number>,
  { absolute = 0, relative = 0 }: Tolerance,
): OutputError {
  if (values.length !== expected.length) {
    throw new Error(`${name}: ${values.length} values, where the reference has ${expected.length}`);
  }
  let [largest, most, at, beyond, notFinite] = [0, 0, 0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(values[i] - expected[i]);
    largest = Math.max(largest, Math.abs(expected[i]));
    if (!Number.isFinite(values[i])) notFinite++;
    // Not "greater", so that a NaN counts.
    if (!(error <= absolute + relative * Math.abs(expected[i]))) beyond++;
    if (!(error <= most) && !Number.isNaN(most)) [most, at] = [error, i];
  }
  return {
    ...{ name, size: values.length, absolute: most, relative: largest > 0 ? most / largest : most },
    ...{ beyond, notFinite, worst: { at, value: values[at], expected: expected[at] } },
  };
}
