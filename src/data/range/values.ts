import { type Raster, type SampleKind, sampleKind } from '../image.ts';

/** Shares of the pixels below the quantiles in {@link ValueFacts}, beside the extremes of what is used. */
const MIDDLES = Array.from({ length: 16 }, (_, i) => (i + 0.5) / 16);

/** What the values of a picture are: quantiles of its grey values, in numbers of the file. */
export interface ValueFacts {
  readonly kind: SampleKind;
  /** Bits of a sample in the file. */
  readonly bits: number;
  readonly lowest: number;
  readonly highest: number;
  /** But for one pixel in a thousand at either end, which may be marks or broken: the range that is used. */
  readonly low: number;
  readonly high: number;
  /** But for five in a thousand: what `percentile` stretches. */
  readonly inner: readonly [number, number];
  /** Of numbers of 16 bits: their extremes if they had a sign, and were written as if they had none. */
  readonly signed: readonly [number, number];
  /** Quantiles at 16 shares, evenly spread. */
  readonly quantiles: readonly number[];
  /** Whether nearly all pixels have one of two values or one near it, as those of a mask have. */
  readonly twoValued: boolean;
  /** Share of the levels that occur whose next one does: less than 1 where a picture was stretched or has few; null but of bytes, and of one value. */
  readonly filled: number | null;
  /** Equal where the same grey values are in other places, as in a picture that was turned, and hardly where others are. */
  readonly sums: string;
  /** Shares of the pixels below 16, which is the black of video, and at it. */
  readonly sixteen: { readonly below: number; readonly at: number };
}

/** Looks at the grey values of a picture, all of them finite. */
export function valueFacts(raster: Raster): ValueFacts {
  const values = sortedGrey(raster);
  const last = values.length - 1;
  const at = (share: number) => values[Math.floor(share * values.length)];
  const mirrored = (share: number) => values[last - Math.floor(share * values.length)];
  return {
    kind: sampleKind(raster),
    bits: raster.bits,
    lowest: values[0],
    highest: values[last],
    low: at(0.001),
    high: mirrored(0.001),
    inner: [at(0.005), mirrored(0.005)],
    signed: raster.data instanceof Uint16Array ? asSigned(values) : [values[0], values[last]],
    quantiles: MIDDLES.map(at),
    twoValued: isTwoValued(values),
    filled: sampleKind(raster) === 'uint8' ? filledShare(values) : null,
    sums: sumsOf(values),
    sixteen: sharesAtSixteen(values),
  };
}

/** The sums of the first three powers. @param values in one order */
function sumsOf(values: Raster['data']): string {
  let [first, second, third] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    first += value;
    second += value * value;
    third += value * value * value;
  }
  return [first, second, third].join();
}

/** Share of the span of values about either end that counts as one value. */
const NEAR = 0.05;

/** So many pixels of the rarer value for each that has neither: those of smeared borders. */
const CLEARER = 4;

/** Share of the pixels near an extreme that have one and the same value: in a mask that was a JPEG a half and more, in an even organ a sixth. */
const SAME = 1 / 3;

/** @param values ascending */
function isTwoValued(values: Raster['data']): boolean {
  const [lowest, highest] = [values[0], values[values.length - 1]];
  const near = NEAR * (highest - lowest);
  const low = countBelow(values, lowest + near);
  const between = countBelow(values, highest - near);
  const high = values.length - between;
  if (lowest === highest || Math.min(low, high) < CLEARER * (between - low)) return false;
  return longestRun(values, 0, low) >= SAME * low && longestRun(values, between, values.length) >= SAME * high;
}

/** One wide gap, as below a bright lesion, is one step among all. @param values ascending */
function filledShare(values: Raster['data']): number | null {
  let [steps, ofOne] = [0, 0];
  for (let i = 1; i < values.length; i++) {
    const step = values[i] - values[i - 1];
    if (step > 0) steps++;
    if (step === 1) ofOne++;
  }
  return steps > 0 ? ofOne / steps : null;
}

/** @param values ascending @returns the most of them, from one place up to another, that are equal */
function longestRun(values: Raster['data'], from: number, to: number): number {
  let [most, start] = [0, from];
  for (let at = from; at < to; at++) {
    if (values[at] !== values[start]) start = at;
    most = Math.max(most, at + 1 - start);
  }
  return most;
}

/** @param values ascending */
function sharesAtSixteen(values: Raster['data']): ValueFacts['sixteen'] {
  const [below, upTo] = [15, 16].map((limit) => countBelow(values, limit) / values.length);
  return { below, at: upTo - below };
}

/** @param values ascending @returns how many of them are at most `limit`, by halves */
function countBelow(values: Raster['data'], limit: number): number {
  let [from, to] = [0, values.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (values[middle] <= limit) from = middle + 1;
    else to = middle;
  }
  return from;
}

/** @param values ascending */
function asSigned(values: Raster['data']): [number, number] {
  const negative = values.findIndex((value) => value > 32767);
  if (negative < 0) return [values[0], values[values.length - 1]];
  return [values[negative] - 65536, negative === 0 ? values[values.length - 1] - 65536 : values[negative - 1]];
}

/** The luma of every pixel, ascending. */
function sortedGrey({ channels, data }: Raster): Raster['data'] {
  if (channels === 1) return data instanceof Float32Array ? data.slice().sort() : counted(data);
  const out = data.slice(0, data.length / channels);
  for (let i = 0, from = 0; i < out.length; i++, from += channels) {
    const luma = (19595 * data[from] + 38470 * data[from + 1] + 7471 * data[from + 2]) / 65536;
    out[i] = data instanceof Float32Array ? luma : Math.floor(luma + 0.5);
  }
  return out instanceof Float32Array ? out.sort() : counted(out);
}

/** Whole numbers of up to 16 bits in ascending order, in time that grows with their number alone. */
function counted<T extends Uint8Array | Uint16Array | Int16Array>(data: T): T {
  const counts = new Uint32Array(data instanceof Uint8Array ? 256 : 65536);
  const offset = data instanceof Int16Array ? 32768 : 0;
  for (let i = 0; i < data.length; i++) counts[data[i] + offset]++;
  const out = data.slice() as T;
  for (let value = 0, to = 0; to < out.length; value++) {
    out.fill(value - offset, to, to + counts[value]);
    to += counts[value];
  }
  return out;
}
