import { ruleStream } from '../base/rule.ts';

/**
 * Draws from one stream of the generation rule, one after the other. What a phantom draws for its anatomy, its lesions,
 * its noise and its exposure comes from streams of different names, so the same index has the same anatomy with and
 * without a lesion.
 */
export class Random {
  readonly #stream: (index: number) => number;
  #at = 0;

  constructor(name: string, seed: number) {
    this.#stream = ruleStream(name, seed);
  }

  /** An unsigned 32-bit number, e.g. the seed of a field of noise. */
  u32(): number {
    return this.#stream(this.#at++);
  }

  /** Evenly from [0, 1). */
  next(): number {
    return this.u32() / 4294967296;
  }

  /** Evenly from [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** A whole number from `low` to `high`, both possible. */
  int(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1));
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** −1 or 1. */
  sign(): number {
    return this.chance(0.5) ? 1 : -1;
  }

  /** One of a list, each as likely as the others. */
  pick<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)];
  }
}
