import { ruleStream } from './rule.ts';

/**
 * The order in which an epoch goes through `count` items: a pure function of seed and epoch, so a resumed run needs no
 * state of a random number generator.
 * @param epoch from 0
 */
export function epochOrder(count: number, seed: number, epoch: number): number[] {
  const random = ruleStream(`order.${epoch}`, seed);
  const keys = Array.from({ length: count }, (_, i) => random(i));
  return keys.map((_, i) => i).sort((a, b) => keys[a] - keys[b] || a - b);
}

/** Number of steps of an epoch; the last batch may be smaller. */
export function stepsPerEpoch(count: number, batch: number): number {
  return Math.ceil(count / batch);
}
