import type { ValueFacts } from './values.ts';

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
