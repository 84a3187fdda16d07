import { GpuArray } from './array.ts';
import { atOnce, type Gpu } from './interface.ts';
import { Recording } from './recording.ts';
import { Arena } from './slots.ts';

/**
 * A step that is carried out many times: the first time it runs eagerly and is recorded, from then on its commands are
 * issued again without any of the host's work. Both ways put the same commands into the stream, so they give the same
 * bits.
 *
 * What changes from step to step has to lie in arrays that were made before and are written between the steps. Nothing that
 * a step allocates outlives it but its result, and what it makes inside `gpu.lasting()` the first time.
 */
export class RepeatedStep<T extends GpuArray | null> {
  readonly #gpu: Gpu;
  readonly #arena = new Arena();
  readonly #known = new Map<string, { recording: Recording; result: T }>();

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  /** Compiles what the first step of a key needs, while signals are heard: `run` would do it without a pause. */
  async prepare(key: string, body: () => T, signal?: AbortSignal): Promise<void> {
    if (!this.#known.has(key)) await this.#gpu.prepare(body, signal, this.#arena);
  }

  /**
   * One step.
   * @param key names the shapes of the inputs: each key is recorded once; all share their memory
   * @param body must do the same for equal keys, waits for nothing, and writes no array from outside on the host
   * @returns a copy of what `body` returned, which the next step of the same key overwrites and `release` ends
   * @throws Error when memory that the step uses, and that others own, was released
   */
  run(key: string, body: () => T): T {
    const known = this.#known.get(key);
    if (known) {
      this.#gpu.replay(known.recording);
      return known.result;
    }
    const recording = new Recording(this.#arena);
    let result: GpuArray | null = null;
    try {
      this.#gpu.record(recording, () => {
        const out = atOnce('a repeated step', body());
        if (!(out instanceof GpuArray)) return;
        result = this.#gpu.lasting(() => GpuArray.empty(this.#gpu, out.shape, out.dtype, `result of step ${key}`));
        this.#gpu.copy(out, result);
      });
    } catch (error) {
      (result as GpuArray | null)?.release();
      // What it has put into the stream stays there, and goes before the uploads that it reads.
      this.#gpu.flush();
      recording.release();
      throw error;
    }
    this.#known.set(key, { recording, result: result as T });
    return result as T;
  }

  /** Gives the memory back, that of the results too. */
  release(): void {
    this.#gpu.flush();
    for (const { recording, result } of this.#known.values()) {
      recording.release();
      result?.release();
    }
    this.#known.clear();
    this.#gpu.pool.close(this.#arena);
  }
}
