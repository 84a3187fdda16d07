import { FusionclipError } from '../../src/base/errors.ts';

/**
 * Does work that asks a hub. Where the page's policy refuses an address the work is stopped at once and says so; an attempt
 * that the network fails is advised to go another way.
 * @param hub address of the hub
 */
export async function withinPolicy<T>(
  hub: string,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const refused = new AbortController();
  const { host } = new URL(hub);
  // Of where a redirection leads the browser tells nothing.
  const onRefusal = ({ effectiveDirective }: SecurityPolicyViolationEvent) => {
    const why = `This page's policy (${effectiveDirective}) refuses ${host}, or a server that it sends to`;
    refused.abort(new FusionclipError('io', `${why}; who serves the page can name them.`));
  };
  addEventListener('securitypolicyviolation', onRefusal);
  try {
    return await work(AbortSignal.any([signal, refused.signal]));
  } catch (error) {
    if (!(error instanceof FusionclipError) || error.code !== 'io') throw error;
    throw new FusionclipError('io', error.message, { about: 'hub', cause: error });
  } finally {
    removeEventListener('securitypolicyviolation', onRefusal);
  }
}
