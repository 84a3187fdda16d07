import type { Sample } from '../data/layout/dataset.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { VERSION } from '../run/version.ts';
import type { RunHeader } from './header.ts';
import type { RunFolder } from './run_folder.ts';
import type { RunState } from './run_state.ts';
import type { Support } from './support.ts';

/** Where a program runs; stored with every run. */
export interface Environment {
  /** E.g. `deno`. */
  readonly runtime: string;
  readonly version: string;
}

/** `shots.json`: which images are the support set, and why. */
export function shotsJson({ shots }: Support, { train }: RunHeader): Record<string, unknown> {
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
