import { FusionclipError } from '../base/errors.ts';
import { type Link, linkAddress } from '../base/link.ts';
import type { Host } from '../host/host.ts';
import { Team } from '../train/index.ts';
import type { Call } from './command.ts';
import type { Session } from './session.ts';

/** What stands before the address at which this process waits for workers that come by themselves. */
const JOIN = 'join:';

/** Has the workers of `--workers` take part in a training. */
export function teamOf({ host }: Call, { reporter, signal }: Session, workers: string) {
  const { dial } = host;
  if (!dial) throw new FusionclipError('usage', '--workers needs a process or its page; choose one with --runtime.');
  const secret = secretOf(host);
  const say = (text: string) => reporter.say(`fusionclip: ${text}`);
  const all = workers.split(',').map((one) => one.trim());
  const asked = all.filter((one) => !one.startsWith(JOIN));
  const awaited = all.filter((one) => one.startsWith(JOIN)).map((one) => one.slice(JOIN.length));
  return async (training: object) => {
    const authority = host.env('FUSIONCLIP_SECRET_CA') ?? null;
    const links = await Promise.all(asked.map((address) => dial(address, secret, authority)));
    for (const address of new Set(awaited)) {
      const count = awaited.filter((one) => one === address).length;
      links.push(...(await joining({ host, secret, address, count, say, signal })));
    }
    return Team.open(links, training, say);
  };
}

interface Joining extends Pick<Call, 'host'> {
  readonly secret: string;
  readonly address: string;
  readonly count: number;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Waits for so many workers (`train worker --join`) at an address of this machine. */
async function joining({ host, secret, address, count, say, signal }: Joining): Promise<Link[]> {
  if (!host.listen) throw new FusionclipError('usage', `${JOIN} needs Deno or Node; choose one with --runtime.`);
  const { host: name, port } = linkAddress(address);
  const [certificate, key] = [host.env('FUSIONCLIP_SECRET_CERTIFICATE'), host.env('FUSIONCLIP_SECRET_KEY')];
  const tls = certificate && key ? { certificate, key } : null;
  const listener = await host.listen({ host: name, port, secret, tls });
  const links: Link[] = [];
  try {
    say(`waits for workers at ${address}, ${count} in all`);
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      listener.serve(async (link) => {
        if (links.length === count) link.close();
        else if (links.push(link) === count) resolve();
      });
    });
    return links;
  } finally {
    listener.close();
  }
}

/** What workers and trainings know of each other. @throws FusionclipError `usage` where it is not set */
export function secretOf(host: Host): string {
  const secret = host.env('FUSIONCLIP_SECRET');
  if (secret) return secret;
  throw new FusionclipError('usage', 'FUSIONCLIP_SECRET is not set; give training and workers the same one.');
}
