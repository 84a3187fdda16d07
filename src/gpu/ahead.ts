import { turn } from '../base/turn.ts';
import { atOnce } from './interface.ts';
import type { ProgramCache, Wanted } from './programs.ts';

/** Milliseconds of compiling after which others get their turn. */
const TURN = 50;

/** Kernels compiled before what needs them runs: a body runs without its commands, and what it asks for is written down. */
export class Ahead {
  #wanted: Wanted[] | null = null;

  /** Whether a body runs without its commands. */
  get active(): boolean {
    return this.#wanted !== null;
  }

  /** Writes a kernel down. */
  want(wanted: Wanted): void {
    this.#wanted?.push(wanted);
  }

  /** The kernels that a body asks for until its first wait. */
  of(body: () => void): readonly Wanted[] {
    const wanted: Wanted[] = [];
    this.#wanted = wanted;
    try {
      body();
    } finally {
      this.#wanted = null;
    }
    return wanted;
  }

  /** Runs a body with its commands, also in the midst of {@link of}. */
  aside<T>(body: () => T): T {
    const wanted = this.#wanted;
    this.#wanted = null;
    try {
      return atOnce('gpu.lasting', body());
    } finally {
      this.#wanted = wanted;
    }
  }
}

/** Compiles kernels one after the other, until there are no more or `stopped` says so. */
export async function compile(
  programs: ProgramCache,
  wanted: readonly Wanted[],
  stopped: () => boolean,
): Promise<void> {
  let since = performance.now();
  for (const { shader, constants } of wanted) {
    if (stopped()) return;
    await programs.prepare(shader, constants);
    // Where a compiler keeps this thread, signals come in between.
    if (performance.now() - since < TURN) continue;
    await turn();
    since = performance.now();
  }
}
