/** Waits that have an end: a script that waits for ever says nothing of what it waits for, and holds up whoever started it. */

/** Milliseconds between two looks. */
const LOOK = 20;

/** What a wait is for, and how it is known that there is still hope. */
export interface Bound {
  /** Seconds without a sign of life after which the wait is given up. */
  readonly seconds: number;
  /** What is waited for, as the end of "There was no sign of life for 120 s while this waited for …". */
  readonly what: string;
  /** Anything that changes while things go on; by default nothing does, and the seconds are all there are. */
  readonly life?: () => unknown;
  /** How things stand, for the error. */
  readonly state?: () => string;
}

/** Waits until something holds. @throws Error when the bound is reached */
export async function until(test: () => boolean, bound: Bound): Promise<void> {
  let isGivenUp = false;
  const looks = async () => {
    while (!test() && !isGivenUp) await new Promise((resolve) => setTimeout(resolve, LOOK));
  };
  try {
    await within(looks(), bound);
  } finally {
    isGivenUp = true;
  }
}

/** Waits for work to end. @throws Error when the bound is reached, and what the work throws */
export async function within<T>(work: Promise<T>, { seconds, what, life, state }: Bound): Promise<T> {
  let since = performance.now();
  let last = life?.();
  let timer: ReturnType<typeof setInterval> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setInterval(() => {
      const now = life?.();
      if (now !== last) [last, since] = [now, performance.now()];
      if (performance.now() - since < seconds * 1000) return;
      const more = state ? `\n${state()}` : '';
      reject(new Error(`There was no sign of life for ${seconds} s while this waited for ${what}.${more}`));
    }, 200);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearInterval(timer);
  }
}
