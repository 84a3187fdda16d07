import type { Web } from '../hub/transfer.ts';

/**
 * The network for services of DICOMweb. The token is that of the environment: `DICOMWEB_TOKEN`, and for where results are stored
 * `DICOMWEB_STORE_TOKEN`. The first goes along to a store only where that is on the server of the images, or alone is spoken to.
 */
export function dicomWebOf(env: (name: string) => string | undefined): (root: string) => Web {
  return (root) => network(root, env('DICOMWEB_TOKEN'));
}

/** The network for the service where results are stored. @param sources services that images come from */
export function storeWebOf(
  env: (name: string) => string | undefined,
  sources: readonly string[],
): (root: string) => Web {
  const origin = (address: string) => new URL(address).origin;
  return (root) => {
    const same = sources.every((source) => origin(source) === origin(root));
    return network(root, env('DICOMWEB_STORE_TOKEN') || (same ? env('DICOMWEB_TOKEN') : undefined));
  };
}

function network(root: string, token: string | undefined): Web {
  return { fetch: globalThis.fetch.bind(globalThis), endpoint: root, token: token?.trim() || undefined };
}
