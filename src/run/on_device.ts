import { FusionclipError } from '../base/errors.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { Gpu } from '../gpu/gpu.ts';

/** What work on a GPU needs to outlive its device. */
export interface DeviceContext {
  readonly gpu: Gpu;
  /**
   * Opens a device in place of a lost one, or gives the one that was opened in its place already. Without it the loss
   * of the device ends the work.
   */
  readonly renewGpu?: (lost: Gpu) => Promise<Gpu>;
  readonly onEvent?: (event: { readonly type: 'note'; readonly text: string }) => void;
}

/** How often a piece of work goes on on a new device: a loss that comes back each time has a cause that stays. */
export const MOST_LOSSES = 3;

/**
 * Does a piece of work, and does it again on a new device each time that the one in use was lost, {@link MOST_LOSSES}
 * times. All that lies on a device is gone with it, so `work` opens anew what it needs there, and goes on from what it
 * has kept elsewhere.
 * @param work gets the context with the device of now, and how many were lost so far
 * @param advice how to go on when no device is left; ends a sentence
 * @throws FusionclipError `device_lost` with the advice when no device can be had, or the fourth one is lost; and what
 * `work` throws
 */
export async function onDevice<C extends DeviceContext, T>(
  context: C,
  work: (context: C, losses: number) => Promise<T>,
  advice: () => string = () => 'run again, or with smaller batches',
): Promise<T> {
  const { renewGpu, onEvent } = context;
  let { gpu } = context;
  // Work before this may have lost the device that this one was given.
  if (gpu.lost !== null && renewGpu) gpu = await renewGpu(gpu);
  for (let losses = 0; ; losses++) {
    try {
      return await work({ ...context, gpu }, losses);
    } catch (error) {
      // Whatever is thrown on a lost device, in `finally` too, comes of that; a wish to stop does not.
      if (error instanceof FusionclipError && error.code === 'interrupted') throw error;
      const reason = await gpu.lostSoon();
      if (reason === null) throw error;
      const fail = (why: string, cause: unknown = error) =>
        new FusionclipError('device_lost', `The GPU device was lost (${plain(reason)})${why}; ${advice()}.`, { cause });
      if (!renewGpu) throw fail('');
      if (losses === MOST_LOSSES) throw fail(`, after ${MOST_LOSSES} others`);
      const next = await renewGpu(gpu).catch((cause) => {
        throw fail(` and no other is to be had (${plain(cause instanceof Error ? cause.message : String(cause))})`);
      });
      const [before, now] = [gpu, next].map(({ facts }) => describeAdapter(facts));
      const where = before === now ? '' : ` It is another adapter, so the last digits may differ: ${now}.`;
      const text = `The GPU device was lost (${plain(reason)}); going on on a new one (${losses + 1} of ${MOST_LOSSES}).${where}`;
      onEvent?.({ type: 'note', text });
      gpu = next;
    }
  }
}

/** A message as a part of a sentence. */
function plain(text: string): string {
  return text.trim().replace(/\.$/, '');
}
