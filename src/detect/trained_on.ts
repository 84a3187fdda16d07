import type { RunConfig } from '../run/run_config.ts';
import type { TrainedOn } from '../volume/acquired.ts';

/**
 * What volumes are compared with that a run looks at; undefined where there is nothing to compare, as for runs on volumes of before it was kept.
 * @param window in place of the run's own
 */
export function trainedOn({ acquired, window }: RunConfig, said?: string | null): TrainedOn | undefined {
  if (!acquired && window) return undefined;
  const how = typeof said === 'string' ? 'said anew' : window?.asked === 'auto' ? 'decided' : 'asked';
  return { acquired: acquired ?? null, window: how };
}
