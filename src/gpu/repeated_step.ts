import type { Gpu } from './gpu.ts';
import { Arena } from './memory.ts';
import { Recording } from './recording.ts';

/**
 * A step that is carried out many times: the first time it runs eagerly and is recorded, from then on its commands are
 * issued again without any of the host's work. Both ways put the same commands into the stream, so they give the same
 * bits.
 *
 * What changes from step to step has to lie in arrays that were made before and are written between the steps. Arrays
 * that the step makes itself, its result among them, hold the values of the last run until the next.
 */
export class RepeatedStep<T> {
  readonly #gpu: Gpu;
  readonly #arena = new Arena();
  readonly #known = new Map<string, { recording: Recording; result: T }>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /**
   * One step.
   * @param key names the shapes of the inputs: each key is recorded once; all share their memory
   * @param body must do the same for equal keys, and writes no array from outside on the host
   */
  run(key: string, body: () => T): T {
    const known = this.#known.get(key);
    if (known) {
      this.#gpu.replay(known.recording);
      return known.result;
    }
    const recording = new Recording(this.#arena);
    const result = this.#gpu.record(recording, body);
    this.#known.set(key, { recording, result });
    return result;
  }

  /** Gives the memory back; arrays that were kept from a step live on. */
  release(): void {
    this.#gpu.flush();
    for (const { recording } of this.#known.values()) recording.release();
    this.#known.clear();
    this.#gpu.pool.close(this.#arena);
  }
}
