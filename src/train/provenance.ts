import { VERSION } from '../base/version.ts';
import type { Sample } from '../data/layout/dataset.ts';
import type { Support } from '../detect/support.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Environment } from '../run/environment.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { RunFolder } from '../run/run_folder.ts';
import type { RunState } from '../run/run_state.ts';

/** `shots.json`: which images are the support set, and why. */
export function shotsJson({ shots }: Support, { train }: RunConfig): Record<string, unknown> {
  const ids = (samples: readonly Sample[]) => samples.map(({ id }) => id);
  return {
    seed: train.seed,
    list: train['shots.list'],
    index: train['shots.index'],
    normal: ids(shots.normal),
    abnormal: ids(shots.abnormal),
    rest: shots.rest.length,
  };
}

/**
 * `env.json`: what the run runs on, and under `earlier` what it ran on before it was resumed.
 * @param state where the run goes on, or null at its start
 */
export async function environmentJson(
  gpu: Gpu,
  environment: Environment,
  folder: RunFolder,
  started: Date,
  state: RunState | null,
): Promise<Record<string, unknown>> {
  const now = {
    fusionclip: VERSION,
    ...environment,
    adapter: describeAdapter(gpu.facts),
    facts: gpu.facts,
    started: started.toISOString(),
    fromStep: state?.step ?? 0,
  };
  const before = (await folder.readJson('env.json')) as { started?: string; earlier?: unknown[] } | null;
  if (!before?.started) return now;
  const { earlier = [], ...rest } = before;
  return { ...now, earlier: [...earlier, rest] };
}
