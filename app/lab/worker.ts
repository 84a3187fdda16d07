/** The worker of the kernel lab. */
import { FusionclipError } from '../../src/base/errors.ts';
import { Gpu } from '../../src/gpu/gpu.ts';
import { KernelLab, kernelFacts } from '../../src/lab/kernel_lab.ts';
import { completed } from '../../src/lab/own_kernel.ts';
import type { Failure, Reply } from '../protocol/messages.ts';
import type { LabCalls } from './calls.ts';

/** Pipelines after which a device is given up for a new one: each edit is one or two, and none is ever freed. */
const MOST_PROGRAMS = 400;

/** What a failure of a training would tell besides. */
const NOTHING = { resumable: false, leave: [], accept: [], volumes: 0 };

let lab: KernelLab | null = null;

/** The lab on a device that is there. */
async function opened(): Promise<KernelLab> {
  const old = lab;
  if (old && old.gpu.lost === null && old.gpu.programs.size < MOST_PROGRAMS) return old;
  lab = null;
  if (old?.gpu.lost === null) void old.gpu.destroy();
  lab = new KernelLab(await Gpu.create(navigator.gpu ?? null));
  return lab;
}

const calls: LabCalls = {
  open: async () => ({ adapter: (await opened()).gpu.facts, kernels: kernelFacts() }),
  look: async (job) => (await opened()).look(job),
  complete: async (own) => completed(own),
  check: async (job) => (await opened()).check(job),
  time: async (job, others) => (await opened()).time(job, others),
};

const reply = (message: Reply): void => postMessage(message);

addEventListener('message', async ({ data }: MessageEvent<{ id: number; call: keyof LabCalls; args: unknown[] }>) => {
  const { id, call, args } = data;
  try {
    const run = calls[call] as (...given: unknown[]) => Promise<unknown>;
    reply({ id, result: await run(...args) });
  } catch (error) {
    reply({ id, failure: await failureOf(error) });
  }
});

reply({ ready: true });

/** Without the numbers that tell pipelines apart, and without the calls that the browser made on the way. */
function plainText(message: string): string {
  return message.split('\n')[0].replaceAll(/\b(\w+)~\d+/g, '$1');
}

/** An error may arrive before its cause, the loss of the device. */
async function failureOf(error: unknown): Promise<Failure> {
  const gpu = lab?.gpu;
  const fromGpu = error instanceof FusionclipError && (error.code === 'gpu_error' || error.code === 'device_lost');
  const lost = gpu ? (fromGpu ? await gpu.lostSoon() : gpu.lost) : null;
  const message = plainText(error instanceof Error ? error.message : String(error));
  if (lost !== null) return { code: 'device_lost', message: lost, ...NOTHING };
  return { code: error instanceof FusionclipError ? error.code : null, message, ...NOTHING };
}
