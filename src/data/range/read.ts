import { FusionclipError } from '../../base/errors.ts';
import { decodeRaster } from '../decode.ts';
import type { Image } from '../image.ts';
import { type Raster, sampleKind } from '../image.ts';
import { remarksOf } from '../remarks.ts';
import { isBeyondVideo, isVideo, isVideoProfile, judgeValues, type OddValues, shown, VIDEO } from './judge.ts';
import { applyRule, asRuled, FULL, givenRule, type RangeRule, type RangeSetting, UNKNOWN } from './rule.ts';
import { type ValueFacts, valueFacts } from './values.ts';

/** Who is told of an image that is read. */
export interface ReadListener {
  /** Gets what is odd about it where the rule was given, so that it is no reason to refuse; and that it is of one value. */
  readonly say?: (text: string) => void;
  /** Gets its samples, as the rule takes them. */
  readonly see?: (raster: Raster, values: ValueFacts) => void;
}

/**
 * An image as a rule reads it.
 * @throws FusionclipError `bad_image` where the file cannot be read, and where its values do not fit a rule that was found
 */
export function readRuled(bytes: Uint8Array, name: string, rule: RangeRule, listener: ReadListener = {}): Image {
  return ruled(decodeRaster(bytes, name), name, rule, listener);
}

/** An image that belongs to no run: with `auto` bytes as they are, and other values where they use their type. Throws as {@link readRuled}. */
export function readAlone(bytes: Uint8Array, name: string, setting: RangeSetting = 'auto'): Image {
  const raster = decodeRaster(bytes, name);
  const rule = givenRule(setting) ?? (sampleKind(raster) === 'uint8' ? FULL : UNKNOWN);
  return ruled(raster, name, rule);
}

function ruled(raster: Raster, name: string, rule: RangeRule, { say = () => {}, see }: ReadListener = {}): Image {
  const samples = asRuled(raster, rule);
  const facts = valueFacts(samples);
  if (facts.lowest === facts.highest) say(constantNote(name, facts.lowest));
  for (const { what } of remarksOf(raster)) say(`${name} ${what}.`);
  const otherLevels = videoNote(facts, rule);
  if (otherLevels) say(`${name} ${otherLevels}.`);
  const odd = judgeValues(facts, rule);
  if (odd && !rule.given)
    throw new FusionclipError('bad_image', `${name} ${odd.what}; ${rangeAdvice(odd)}.`, { about: 'unlike' });
  if (odd) say(`${name} ${odd.what}.`);
  see?.(samples, facts);
  return applyRule(raster, rule);
}

/** What is said where an image has the levels of video and the support images have others, or the other way round. */
function videoNote(facts: ValueFacts, { profile }: RangeRule): string | null {
  if (!profile) return null;
  if (isVideo(facts) && !isVideoProfile(profile) && profile[0] < 8)
    return `has ${VIDEO}, and the support images have not: its black is a grey to them`;
  const beyond = isBeyondVideo(facts) && facts.quantiles[0] <= 4 && isVideoProfile(profile);
  return beyond ? `goes beyond the support images, which have ${VIDEO}: its black is darker than theirs` : null;
}

/** What to do about odd values. */
export function rangeAdvice({ why, fits }: OddValues): string {
  const [low, high] = fits;
  if (why === 'inverted') return 'invert it, or take it as it is with --range full';
  return `say how values are read with --range ${shown(low)},${shown(high)} or another LOW,HIGH, with percentile (each image by itself), or full (as they are)`;
}

/** What is said of an image of one value. */
export function constantNote(name: string, value: number): string {
  return value === 0
    ? `${name} is black: its score says nothing.`
    : `Every pixel of ${name} has the value ${shown(value)}: its score says nothing.`;
}
