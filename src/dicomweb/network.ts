import type { Persistence } from '../hub/persist.ts';
import type { Web } from '../hub/transfer.ts';

/** What of a host says how servers are asked. */
export interface Asking {
  env(name: string): string | undefined;
  /** The runtime's own where it is missing. */
  readonly dicomWebFetch?: typeof fetch;
  /** How what a server breaks off is repeated. */
  readonly persistence?: Persistence;
}

/**
 * The network for services of DICOMweb. The token is that of the environment: `DICOMWEB_TOKEN`, and for where results are stored
 * `DICOMWEB_STORE_TOKEN`. The first goes along to a store only where that is on the server of the images, or alone is spoken to.
 */
export function dicomWebOf(asking: Asking): (root: string) => Web {
  return (root) => network(root, 'DICOMWEB_TOKEN', asking);
}

/** The network for the service where results are stored. @param sources services that images come from */
export function storeWebOf(asking: Asking, sources: readonly string[]): (root: string) => Web {
  const origin = (address: string) => new URL(address).origin;
  return (root) => {
    const same = sources.every((source) => origin(source) === origin(root));
    return network(root, asking.env(STORE_TOKEN) || !same ? STORE_TOKEN : 'DICOMWEB_TOKEN', asking);
  };
}

const STORE_TOKEN = 'DICOMWEB_STORE_TOKEN';

function network(root: string, tokenFrom: string, { env, dicomWebFetch, persistence }: Asking): Web {
  const ask = dicomWebFetch ?? globalThis.fetch.bind(globalThis);
  return { ...persistence, fetch: ask, endpoint: root, token: env(tokenFrom)?.trim() || undefined, tokenFrom };
}
