import { FusionclipError } from '../base/errors.ts';
import { type AnyBackbone, statisticsOf } from '../detect/backbone.ts';
import { type Support, type TrainItem, trainItems } from '../detect/support.ts';
import { methodPreset } from '../fusion/index.ts';
import { headerJson, type RunConfig, type RunSettings } from '../run/run_config.ts';
import { shotsJson } from './provenance.ts';
import type { Team } from './team.ts';

/** What a method trains on: the views of the support images, or nothing. */
export function itemsOf(support: Support, { train, fusion }: RunSettings, backbone: AnyBackbone): TrainItem[] {
  const { trained } = methodPreset(fusion.method);
  return trained ? trainItems(support, train.aug, fusion.norm, statisticsOf(backbone)) : [];
}

/**
 * Has the workers of a run open its training; null where it has none.
 * @throws FusionclipError `usage` for a run whose batches are in one part, and as `open` does
 */
export async function openTeam(
  open: ((training: object) => Promise<Team>) | undefined,
  header: RunConfig,
  support: Support,
): Promise<Team | null> {
  if (!open) return null;
  if (header.train.parts > 1) return open({ config: headerJson(header), shots: await shotsJson(support, header) });
  const text = '--workers share the parts of a batch, and this run has one; train with --parts 2 or more.';
  throw new FusionclipError('usage', text);
}
