import { FusionclipError } from '../base/errors.ts';
import { ORACLE_WARNING, type SelectedBy } from '../detect/results.ts';
import type { ValidationSet } from '../detect/selection.ts';
import { methodPreset } from '../fusion/index.ts';
import type { RunListener } from '../run/events.ts';
import type { RunConfig } from '../run/run_config.ts';

/**
 * How weights can be chosen with what the data set has left.
 * @throws FusionclipError `bad_data` where rates cannot be compared
 */
export function selectionRule({ train, fusion }: RunConfig, rest: ValidationSet, onEvent: RunListener): SelectedBy {
  if (!methodPreset(fusion.method).trained) return 'none';
  if (train.select === 'test-oracle') {
    onEvent({ type: 'note', text: ORACLE_WARNING });
    return 'test-oracle';
  }
  if (rest.possible) return train.select;
  if (train['lr.grid'].length > 1) {
    throw new FusionclipError(
      'bad_data',
      'The remaining valid images lack a class, so learning rates cannot be compared on them; leave --lr.grid out.',
    );
  }
  if (train.select === 'valid') {
    const text = 'The remaining valid images lack a class, so the last weights are taken in place of the best.';
    onEvent({ type: 'note', text });
  }
  return 'last';
}
