/**
 * Dawn in Node: npm's `webgpu` package has no navigator. It pumps its work in a `setImmediate` loop that spins one core
 * while the GPU works, and a software GPU needs that core: the same matmul ran at a third of its speed.
 */
import { FusionclipError } from '../base/errors.ts';

/** How long one sleep of the event loop may be, in milliseconds, and how fast it grows to that. */
const LONGEST_SLEEP = 2;
const FIRST_SLEEP = 0.05;

/** Where the entry point lives, so that the garbage collector never takes Dawn's instance and two bundles share one. */
const KEY = Symbol.for('fusionclip.dawn');

type AnyMethod = (this: unknown, ...args: unknown[]) => unknown;

let pending = 0;
let scheduled = false;
let sleep = FIRST_SLEEP;
let keepAlive: ReturnType<typeof setInterval> | undefined;
const cell = new Int32Array(new SharedArrayBuffer(4));

/** One turn of the event loop: sleep a little, longer each time, as long as GPU work is pending. */
function turn(): void {
  scheduled = pending > 0;
  if (!scheduled) return;
  Atomics.wait(cell, 0, 0, sleep);
  sleep = Math.min(LONGEST_SLEEP, sleep * 1.5);
  setImmediate(turn);
}

function began(): void {
  pending++;
  sleep = FIRST_SLEEP;
  if (pending > 1) return;
  // Without a live timer Node ends silently at a promise that only Dawn can settle.
  keepAlive = setInterval(() => {}, 1000);
  // The turn of work that has just ended may still be to come; a second one would sleep as well.
  if (scheduled) return;
  scheduled = true;
  setImmediate(turn);
}

function ended(): void {
  pending--;
  if (pending === 0) clearInterval(keepAlive);
}

/** Counts the promises of `name` as pending work. */
function watch(holder: unknown, name: string): void {
  const prototype = (holder as { prototype?: Record<string, AnyMethod> } | undefined)?.prototype;
  const original = prototype?.[name];
  if (!prototype || !original) return;
  prototype[name] = function (...args) {
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) return result;
    began();
    // The caller gets the promise of the bookkeeping's end, so that `pending` is right when its code goes on.
    return result.finally(ended);
  };
}

interface DawnModule {
  create(options: string[]): GPU;
  globals: Record<string, unknown>;
}

/**
 * WebGPU's entry point in Node, created once per process; null when the `webgpu` package is not installed.
 * Sets WebGPU's globals (`GPUBufferUsage` and so on), which the engine reads as in a browser.
 * @throws FusionclipError `no_adapter` when it cannot be loaded, as where the C library is too old for it
 */
export async function dawnEntry(): Promise<GPU | null> {
  const holder = globalThis as unknown as Record<symbol, GPU | undefined>;
  const known = holder[KEY];
  if (known) return known;
  let dawn: DawnModule;
  try {
    dawn = (await import('webgpu')) as unknown as DawnModule;
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND') return null;
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `npm's "webgpu" cannot be loaded on this machine (${why}); run in Deno instead: npm install deno.`;
    throw new FusionclipError('no_adapter', message, { cause });
  }
  Object.assign(globalThis, dawn.globals);
  watch(dawn.globals.GPU, 'requestAdapter');
  watch(dawn.globals.GPUAdapter, 'requestDevice');
  watch(dawn.globals.GPUQueue, 'onSubmittedWorkDone');
  watch(dawn.globals.GPUBuffer, 'mapAsync');
  for (const name of ['popErrorScope', 'createComputePipelineAsync']) watch(dawn.globals.GPUDevice, name);
  const entry = dawn.create([]);
  holder[KEY] = entry;
  return entry;
}
