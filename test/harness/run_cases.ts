import { type DeviceGpu, Gpu } from '../../src/gpu/gpu.ts';
import type { Host } from '../../src/host/host.ts';
import type { TestCase, TestContext } from './registry.ts';

/** What became of one case. */
export interface CaseResult {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** Message and stack of what went wrong. */
  readonly error?: string;
}

/** How cases are run. */
export interface RunOptions {
  /** The folder that `fixture` reads from: the repository's `test/`. */
  readonly fixtures: string;
  /** Called before each case, so that a runtime that hangs or dies can be blamed on it. */
  readonly started?: (name: string) => void;
  readonly finished: (result: CaseResult) => void;
  /** Milliseconds a case may take; 150,000 by default. */
  readonly timeout?: number;
}

const NO_ADAPTER = 'there is no WebGPU adapter in this runtime';

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const stack = error.stack ?? '';
  // Some engines leave the message out of the stack.
  const text = stack.includes(error.message) ? stack : `${error.name}: ${error.message}\n${stack}`;
  return error.cause === undefined ? text : `${text}\ncaused by ${describe(error.cause)}`;
}

/** A case did not end in time; its code may still be running. */
class LateError extends Error {}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`still running after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The one device that all cases of a runtime share, made when the first case asks for it. */
class SharedGpu {
  readonly #host: Host;
  #promise: Promise<DeviceGpu> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  get(): Promise<DeviceGpu> {
    this.#promise ??= this.#make();
    return this.#promise;
  }

  async #make(): Promise<DeviceGpu> {
    const entry = await this.#host.gpu();
    if (!entry) throw new Error(NO_ADAPTER);
    return Gpu.create(entry, {});
  }

  /** Ends the device, so that a case that never ended can spoil no other; the next case makes a new one. */
  async discard(wait: boolean): Promise<void> {
    const gpu = await this.made();
    this.#promise = undefined;
    if (wait) await gpu?.destroy();
    else void gpu?.destroy();
  }

  /** Throws what the device has reported since the last call. */
  async check(): Promise<void> {
    await (await this.made())?.idle();
  }

  /** Bytes that the device holds for tensors now. */
  async liveBytes(): Promise<number> {
    return (await this.made())?.pool.liveBytes ?? 0;
  }

  /** The device if a case has asked for one and it came into being. */
  async made(): Promise<DeviceGpu | null> {
    return this.#promise ? this.#promise.catch(() => null) : null;
  }
}

async function runCase(one: TestCase, context: TestContext, shared: SharedGpu, timeout: number): Promise<void> {
  // Bytes that a case leaves behind are its fault even when it was the one that made the device: a fresh pool is empty.
  const before = await shared.liveBytes();
  await within(
    timeout,
    (async () => {
      await one.run(context);
      await shared.check();
    })(),
  );
  const after = await shared.liveBytes();
  if (after !== before) throw new Error(`${after - before} bytes still alive after the case`);
}

/** Runs cases one after the other and reports each; returns the number that failed. */
export async function runCases(host: Host, cases: readonly TestCase[], options: RunOptions): Promise<number> {
  const shared = new SharedGpu(host);
  const context: TestContext = {
    host,
    gpu: () => shared.get(),
    fixture: (path) => host.readFile(`${options.fixtures}/${path}`),
  };
  let failed = 0;
  for (const one of cases) {
    options.started?.(one.name);
    const start = performance.now();
    let error: string | undefined;
    try {
      await runCase(one, context, shared, options.timeout ?? 150_000);
    } catch (cause) {
      error = describe(cause);
      if (cause instanceof LateError) await shared.discard(false);
      // An error that is reported late belongs to this case, not to the next.
      await shared.check().catch(() => {});
    }
    if (error !== undefined) failed++;
    const ms = Math.round(performance.now() - start);
    options.finished({ name: one.name, ok: error === undefined, ms, ...(error === undefined ? {} : { error }) });
  }
  await shared.discard(failed === 0); // what hangs is not waited for
  return failed;
}
