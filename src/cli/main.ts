import type { Host } from '../host/host.ts';

/** Placeholder of the command line: says where it runs. */
export async function main(host: Host): Promise<number> {
  host.stdout(`${JSON.stringify({ runtime: host.runtime, version: host.version, args: host.args })}\n`);
  return 0;
}
