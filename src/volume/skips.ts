import { matchesPattern } from '../data/layout/rules.ts';

/** Patterns of what is left out of a set, and which of them have left out something. */
export class Skips {
  readonly #patterns: readonly string[];
  readonly #fitting = new Set<string>();

  constructor(patterns: readonly string[] = []) {
    this.#patterns = patterns;
  }

  /** Whether there are any. */
  get any(): boolean {
    return this.#patterns.length > 0;
  }

  /** Those that have fitted a name. */
  get fitting(): readonly string[] {
    return [...this.#fitting];
  }

  /** Whether a name, or a path below the root of the set, is left out. */
  has(name: string): boolean {
    const fitting = this.#patterns.filter((pattern) => matchesPattern(name, pattern));
    for (const pattern of fitting) this.#fitting.add(pattern);
    return fitting.length > 0;
  }
}
