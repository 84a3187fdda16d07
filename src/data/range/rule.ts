import type { Option } from '../../base/option.ts';
import type { Image } from '../image.ts';
import { FULL_RANGE, type Raster, type SampleKind, sampleKind } from '../image.ts';
import { type ValueFacts, valueFacts } from './values.ts';

/** Lower and upper end of what becomes black and white. */
export type Range = readonly [low: number, high: number];

/** What a user says of values: see {@link RangeRule}. */
export type RangeSetting = 'auto' | 'full' | 'percentile' | Range;

/**
 * How the values of files become grey levels. It is found or given at training, stored with the run, and is the same for
 * every image that is scored later.
 */
export interface RangeRule {
  /** `range`: the same range for all images; `percentile`: for each image its own values but for five in a thousand at either end. */
  readonly how: 'range' | 'percentile';
  /** Of `range`, by kind of sample; a kind that is missing was not seen. */
  readonly ranges: Readonly<Partial<Record<SampleKind, Range>>>;
  /** Whether a user has said it: then images that look odd under it are told of, and not refused. */
  readonly given: boolean;
  /** Grey levels at 16 quantiles, the mean of the images that the rule was found on, or null. */
  readonly profile: readonly number[] | null;
  /** How far the levels of an image may lie from the profile. */
  readonly limit: number;
}

/** Every value of the file's type: bytes as they are, of 16 bits the high byte. */
export const FULL: RangeRule = { how: 'range', ranges: FULL_RANGE, given: true, profile: null, limit: 0 };

/** Before any image was seen: bytes as they are, and other files where they use their type. */
export const UNKNOWN: RangeRule = {
  how: 'range',
  ranges: { uint8: FULL_RANGE.uint8 },
  given: false,
  profile: null,
  limit: 0,
};

/** `--range` */
export function rangeOption(help: string): Option<RangeSetting> {
  return {
    fallback: 'auto',
    help,
    form: 'auto|full|percentile|LOW,HIGH',
    parse: (text) => {
      if (text === 'auto' || text === 'full' || text === 'percentile') return text;
      const parts = text.split(',');
      const numbers = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
      const [low, high] = numbers;
      return parts.length === 2 && numbers.every(Number.isFinite) && low < high ? [low, high] : undefined;
    },
  };
}

/** The rule that a setting says by itself, or null for `auto`. */
export function givenRule(setting: RangeSetting): RangeRule | null {
  if (setting === 'auto') return null;
  if (setting === 'full') return FULL;
  if (setting === 'percentile') return { ...FULL, how: 'percentile', ranges: {} };
  return { ...FULL, ranges: { uint8: setting, uint16: setting, int16: setting, float32: setting } };
}

/** The samples as a rule takes them: a range that begins below 0 says that numbers of 16 bits have a sign. */
export function asRuled(raster: Raster, { how, ranges }: RangeRule): Raster {
  const { data } = raster;
  if (how !== 'range' || !(data instanceof Uint16Array) || (ranges.uint16?.[0] ?? 0) >= 0) return raster;
  return { ...raster, data: new Int16Array(data.buffer, data.byteOffset, data.length) };
}

/** The range of one image under a rule; of a kind that the rule does not know that of its type. */
export function rangeOf({ how, ranges }: RangeRule, { kind, inner }: Pick<ValueFacts, 'kind' | 'inner'>): Range {
  return how === 'percentile' ? inner : (ranges[kind] ?? FULL_RANGE[kind]);
}

/** Whether two rules make the same grey levels of every image. */
export function sameLevels(a: RangeRule, b: RangeRule): boolean {
  if (a.how !== b.how) return false;
  const kinds = Object.keys(FULL_RANGE) as SampleKind[];
  const [first, second] = [a, b].map(({ ranges }) => kinds.map((kind) => ranges[kind] ?? FULL_RANGE[kind]));
  return a.how === 'percentile' || String(first) === String(second);
}

/**
 * The grey level 0…255 of a value: of whole numbers so many fall on each level, as of `value >> 8` of 16 bits.
 * @param whole whether values are whole numbers
 */
export function levelOf(value: number, [low, high]: Range, whole: boolean): number {
  const level = Math.floor(((value - low) * 256) / (whole ? high - low + 1 : high - low));
  return level > 0 ? Math.min(255, level) : 0;
}

/** The picture with values as a rule says; bytes over their whole range stay as they are. */
export function applyRule(given: Raster, rule: RangeRule): Image {
  const raster = asRuled(given, rule);
  const kind = sampleKind(raster);
  const inner: Range = rule.how === 'percentile' ? valueFacts(raster).inner : [0, 0];
  const range = rangeOf(rule, { kind, inner });
  const { width, height, channels, data, orientation } = raster;
  const turn = orientation === undefined ? {} : { orientation };
  const [low, high] = range;
  if (data instanceof Uint8Array && low === 0 && high === 255) return { width, height, channels, data, ...turn };
  const whole = kind !== 'float32';
  const out = Uint8Array.from(data, (value) => levelOf(value, range, whole));
  // What can be seen is no matter of values.
  const full = FULL_RANGE[kind];
  if (channels === 4) for (let i = 3; i < out.length; i += 4) out[i] = levelOf(data[i], full, whole);
  return { width, height, channels, data: out, ...turn };
}

/** The picture as eyes should see it where no run says how: bytes as they are, other values stretched. */
export function shownRaster(raster: Raster): Image {
  return applyRule(raster, { ...FULL, how: raster.data instanceof Uint8Array ? 'range' : 'percentile' });
}
