import { FULL_RANGE } from '../image.ts';
import { levelOf, type Range, type RangeRule, rangeOf } from './rule.ts';
import type { ValueFacts } from './values.ts';

/** A quarter of the grey levels: an image that uses less has lost most of what it shows. */
export const QUARTER = 64;

/** So many of 16 quantiles beyond the range mean that it is another image's. */
const BEYOND = 2;

/** What is odd about an image's values under a rule. */
export interface OddValues {
  readonly why: 'unknown' | 'signed' | 'narrow' | 'beyond' | 'inverted' | 'far';
  /** What goes on after the path of the image and a blank. */
  readonly what: string;
  /** A range that would fit it. */
  readonly fits: Range;
}

/** The grey levels of an image under a rule, at its 16 quantiles. */
export function levelsOf(facts: ValueFacts, rule: RangeRule): number[] {
  const range = rangeOf(rule, facts);
  return facts.quantiles.map((value) => levelOf(value, range, facts.kind !== 'float32'));
}

/** Mean difference of the levels at equal quantiles: how far one histogram has to be moved to become the other. */
export function levelDistance(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, level, i) => sum + Math.abs(level - b[i]), 0) / a.length;
}

/** Looks whether an image can be read by a rule; null where nothing speaks against it. An image of one value is not judged. */
export function judgeValues(facts: ValueFacts, rule: RangeRule): OddValues | null {
  const { kind, lowest, highest, low, high } = facts;
  if (lowest === highest) return null;
  const fits = fittingRange(facts);
  const [first, last] = FULL_RANGE[kind];
  const odd = (why: OddValues['why'], what: string): OddValues => ({ why, what, fits });
  const values = `${shown(lowest)} to ${shown(highest)}`;
  if (!rule.given && looksSigned(facts)) {
    return odd('signed', 'has 16-bit values near 0 and near 65535 and none between, as numbers with a sign have');
  }
  if (rule.how === 'range' && !rule.ranges[kind]) {
    if (kind !== 'uint16') return odd('unknown', `has ${KINDS[kind]} (${values}), and no range is known for such`);
    if (high - low < (last - first) / 4) {
      return odd('unknown', `has 16-bit values from ${values} alone, less than a quarter of ${first} to ${last}`);
    }
  }
  const range = rangeOf(rule, facts);
  const whole = kind !== 'float32';
  const level = (value: number) => levelOf(value, range, whole);
  const of = `${shown(range[0])} to ${shown(range[1])}`;
  const { quantiles } = facts;
  const beyond = quantiles.filter((value) => value < range[0] || value > range[1]).length;
  if (rule.how === 'range' && beyond >= BEYOND) {
    const percent = Math.round((100 * beyond) / quantiles.length);
    return odd('beyond', `has values from ${values}, some ${percent} % of its pixels outside of ${of}`);
  }
  if (level(high) - level(low) < QUARTER && rule.how === 'range') {
    return odd('narrow', `has values from ${values} alone, less than a quarter of ${of}`);
  }
  const { profile, limit } = rule;
  if (!profile) return null;
  const levels = levelsOf(facts, rule);
  const distance = levelDistance(levels, profile);
  if (distance <= limit) return null;
  const inverted = levelDistance(levels.map((value) => 255 - value).reverse(), profile);
  const mean = (numbers: readonly number[]) => Math.round(numbers.reduce((sum, one) => sum + one, 0) / numbers.length);
  if (inverted < distance / 2)
    return odd('inverted', 'looks inverted: what is dark in the support images is bright in it');
  const than = mean(levels) < mean(profile) ? 'darker' : 'brighter';
  return odd(
    'far',
    `is far ${than} than the support images (grey ${mean(levels)} on average, theirs ${mean(profile)})`,
  );
}

const KINDS = {
  uint8: '8-bit values',
  int16: 'values with a sign',
  float32: 'floating-point values',
} as const;

/** Whether 16-bit values are those of numbers with a sign, written as if they had none. */
function looksSigned({ kind, quantiles, high }: ValueFacts): boolean {
  if (kind !== 'uint16' || high < 49152) return false;
  const [below, above] = [quantiles.filter((v) => v < 16384), quantiles.filter((v) => v >= 49152)];
  return (
    below.length > 0 &&
    above.length > 0 &&
    below.length + above.length === quantiles.length &&
    above.some((v) => v < 65520)
  );
}

/** A range that an image would fill: of whole numbers all of so many bits where it uses them. */
export function fittingRange(facts: ValueFacts): Range {
  const { kind, lowest, highest, low, high } = facts;
  if (looksSigned(facts)) return facts.signed;
  if (kind === 'uint8' || kind === 'uint16') {
    const top = 2 ** bitsUsed(highest) - 1;
    if (high - low >= top / 4) return [0, top];
  }
  if (kind === 'float32' && lowest >= 0) {
    for (const top of [1, 255]) if (highest <= top && high - low >= top / 4) return [0, top];
  }
  return [low, high];
}

/** Bits that whole numbers up to this are written with: 8, 10, 12, 14 or 16. */
export function bitsUsed(highest: number): number {
  return [8, 10, 12, 14].find((bits) => highest < 2 ** bits) ?? 16;
}

/** A value as text. */
export function shown(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

/** Share of the pixels that are black in a picture whose levels its black tells. */
const BLACK = 1 / 16;

/** White of video is 235; a codec may overshoot it. */
const WHITE = 238;

/**
 * Whether bytes look like the levels of video, which go from 16 to 235: many pixels have a black of exactly 16, and few lie
 * below it, as what a codec smears does. A picture without anything black is not told from others.
 */
export function isVideo({ kind, high, sixteen }: ValueFacts): boolean {
  return kind === 'uint8' && sixteen.at >= BLACK && sixteen.below < sixteen.at / 2 && high <= WHITE;
}

/** Whether bytes have a black of their own, neither 0 nor that of video: where some do, one of exactly 16 is chance. */
export function hasOwnBlack({ kind, low, quantiles }: ValueFacts): boolean {
  return kind === 'uint8' && low !== 0 && low !== 16 && quantiles[0] === low;
}

/** Whether bytes go beyond the levels of video at either end. */
export function isBeyondVideo(facts: ValueFacts): boolean {
  return facts.kind === 'uint8' && !isVideo(facts) && (facts.quantiles[0] <= 8 || facts.high >= 251);
}

/** Whether the mean levels of images begin at the black of video. */
export function isVideoProfile(levels: readonly number[]): boolean {
  return levels[0] >= 15 && levels[0] <= 17 && levels[levels.length - 1] <= WHITE;
}

/** What the levels of video are, for messages. */
export const VIDEO = 'levels from 16 to 235, as frames of video have';
