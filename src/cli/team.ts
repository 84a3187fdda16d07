import { FusionclipError } from '../base/errors.ts';
import { Team } from '../train/index.ts';
import type { Call } from './command.ts';
import { secretOf } from './commands/train_worker.ts';
import type { Session } from './session.ts';

/** Has the workers of `--workers` take part in a training. */
export function teamOf({ host }: Call, { reporter }: Session, workers: string) {
  const { dial } = host;
  if (!dial) throw new FusionclipError('usage', '--workers needs Deno or Node; choose one with --runtime.');
  const secret = secretOf(host);
  return async (training: object) => {
    const links = await Promise.all(
      workers.split(',').map((address) => dial(address.trim(), secret, host.env('FUSIONCLIP_SECRET_CA') ?? null)),
    );
    return Team.open(links, training, (text) => reporter.say(`fusionclip: ${text}`));
  };
}
