import type { Web } from '../hub/transfer.ts';

/** What of a host says how servers are asked. */
export interface Asking {
  env(name: string): string | undefined;
  /** The runtime's own where it is missing. */
  readonly dicomWebFetch?: typeof fetch;
}

/**
 * The network for services of DICOMweb. The token is that of the environment: `DICOMWEB_TOKEN`, and for where results are stored
 * `DICOMWEB_STORE_TOKEN`. The first goes along to a store only where that is on the server of the images, or alone is spoken to.
 */
export function dicomWebOf({ env, dicomWebFetch }: Asking): (root: string) => Web {
  return (root) => network(root, env('DICOMWEB_TOKEN'), dicomWebFetch);
}

/** The network for the service where results are stored. @param sources services that images come from */
export function storeWebOf({ env, dicomWebFetch }: Asking, sources: readonly string[]): (root: string) => Web {
  const origin = (address: string) => new URL(address).origin;
  return (root) => {
    const same = sources.every((source) => origin(source) === origin(root));
    return network(root, env('DICOMWEB_STORE_TOKEN') || (same ? env('DICOMWEB_TOKEN') : undefined), dicomWebFetch);
  };
}

function network(root: string, token: string | undefined, ask: typeof fetch = globalThis.fetch.bind(globalThis)): Web {
  return { fetch: ask, endpoint: root, token: token?.trim() || undefined };
}
