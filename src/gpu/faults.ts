import { FusionclipError } from '../base/errors.ts';
import type { Work } from './work.ts';

/** Milliseconds after an error, with all commands done, in which the loss of the device, its cause, may still be told. */
const GRACE = 1000;
/** What is caught of a stretch of commands; internal errors come from compiling, which has a scope of its own. */
const FILTERS = ['validation', 'out-of-memory'] as const;

/** A read under way. */
interface Read {
  readonly works: readonly Work[];
  error: FusionclipError | null;
}

/**
 * What goes wrong on a device. An error is remembered for the work that it is of, thrown by the next call of that, and by every
 * read of it that was waiting when it came; the loss of the device is told to all.
 */
export class Faults {
  readonly #device: GPUDevice;
  /** All that is done outside of jobs. */
  readonly #outside: Work;
  #lost: FusionclipError | null = null;
  #reason: string | null = null;
  #destroyed = false;
  readonly #reads = new Set<Read>();
  /** What ends the waits that a lost device would leave open. */
  readonly #waits = new Set<(error: unknown) => void>();

  constructor(device: GPUDevice, outside: Work) {
    this.#device = device;
    this.#outside = outside;
    device.onuncapturederror = ({ error }) => this.#tellAll(`The GPU reported an error: ${error.message}`);
    device.lost.then((info) => {
      if (this.#destroyed) return;
      this.#reason = info.message || info.reason;
      const text = `The GPU device was lost (${this.#reason}); run again, or with smaller batches.`;
      this.#lost = new FusionclipError('device_lost', text);
      for (const end of this.#waits) end(this.#lost);
    });
  }

  /** Why the device was lost, or null while it is there. */
  get lost(): string | null {
    return this.#reason;
  }

  /** As {@link lost}, after the moment that a runtime may take to tell it. */
  async lostSoon(): Promise<string | null> {
    const calm = async () => {
      try {
        // Chrome tells it behind all commands that wait, which takes its time on a slow GPU.
        await this.#device.queue.onSubmittedWorkDone();
      } catch {}
      await new Promise((resolve) => setTimeout(resolve, GRACE));
    };
    if (this.#reason === null && !this.#destroyed) await Promise.race([this.#device.lost, calm()]);
    return this.#reason;
  }

  /** Resolves when nothing that was submitted is under way. */
  async untilDone(): Promise<void> {
    const { queue, lost } = this.#device;
    await Promise.race([queue.onSubmittedWorkDone().catch(() => {}), lost]);
  }

  /** From now on every use throws. */
  destroyed(): void {
    this.#destroyed = true;
  }

  /** Remembers an error of some work. */
  tell(work: Work, message: string): void {
    const error = new FusionclipError('gpu_error', message);
    const told = work.fail(error);
    for (const read of this.#reads) if (read.works.some((one) => told.has(one))) read.error ??= error;
  }

  /** No one knows whose an uncaught error is. */
  #tellAll(message: string): void {
    this.tell(this.#outside, message);
    for (const { works } of this.#reads) if (works[0] !== this.#outside) this.tell(works[0], message);
  }

  /** What the host does until the function that this returns is called is caught, and is the affair of `work`. */
  watch(work: Work): () => void {
    work.watched();
    for (const filter of FILTERS) this.#device.pushErrorScope(filter);
    return () => {
      const pops = FILTERS.toReversed().map((filter) => this.#pop(work, `The GPU refused commands (${filter})`));
      void Promise.all(pops).then(() => work.settled());
    };
  }

  /**
   * Runs `body`, whose errors of one kind are the affair of `work` under a text of their own.
   * @param settle is told later whether all went well
   */
  caught<T>(filter: GPUErrorFilter, work: Work, text: string, body: () => T, settle?: (well: boolean) => void): T {
    this.#device.pushErrorScope(filter);
    try {
      return body();
    } finally {
      void this.#pop(work, text).then(settle);
    }
  }

  /** Runs `body`, whose errors nobody is told: whoever does the same again is. */
  unheard<T>(body: () => T): T {
    const filters = ['validation', 'internal'] as const;
    for (const filter of filters) this.#device.pushErrorScope(filter);
    try {
      return body();
    } finally {
      for (const _ of filters) this.#device.popErrorScope().catch(() => {});
    }
  }

  /** Whether all went well in the innermost scope; what did not, `work` is told. */
  #pop(work: Work, text: string): Promise<boolean> {
    return this.#device.popErrorScope().then(
      (error) => {
        if (error) this.tell(work, `${text}: ${error.message}`);
        return error === null;
      },
      () => true, // the device was lost; device.lost reports it
    );
  }

  /** @throws Error what is due to work: its own error once, the loss of the device always */
  throwPending(work: Work): void {
    if (this.#destroyed) throw new Error('this Gpu was destroyed before this call');
    if (this.#lost) throw this.#lost;
    work.throwPending();
  }

  /** Waits for a read of memory that `maker` made. @throws FusionclipError what is told meanwhile, or why it cannot be read */
  async read(work: Work, maker: Work, body: () => Promise<void>): Promise<void> {
    const read: Read = { works: [work, maker], error: null };
    const throwTold = () => {
      this.throwPending(work);
      if (read.error) throw read.error;
    };
    this.#reads.add(read);
    try {
      await this.unlessLost(body());
    } catch (error) {
      // The cause (a lost device, a refused submit) is reported by its own promise, a moment later.
      await this.lostSoon();
      throwTold();
      throw new FusionclipError('gpu_error', `Reading from the GPU failed: ${String(error)}; run again.`);
    } finally {
      this.#reads.delete(read);
    }
    throwTold();
  }

  /** What `work` gives, or the loss of the device, after which some runtimes let it wait for ever. */
  unlessLost<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#waits.add(reject);
      work.then(resolve, reject).finally(() => this.#waits.delete(reject));
    });
  }
}
