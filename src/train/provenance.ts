import { sha256 } from '../base/sha256.ts';
import { VERSION } from '../base/version.ts';
import type { Sample } from '../data/layout/dataset.ts';
import type { Picture } from '../detect/pictures.ts';
import type { Support } from '../detect/support.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Environment } from '../run/environment.ts';
import type { RunConfig } from '../run/run_config.ts';
import type { RunFolder } from '../run/run_folder.ts';
import type { RunState } from '../run/run_state.ts';
import { STORED_ENVIRONMENT } from '../run/stored.ts';

/** `shots.json`: which images are the support set, why, and what they show. */
export async function shotsJson(
  { shots, normal, abnormal }: Support,
  { train }: RunConfig,
): Promise<Record<string, unknown>> {
  const ids = (samples: readonly Sample[]) => samples.map(({ id }) => id);
  const sums = (samples: readonly Sample[], pictures: readonly Picture[]) =>
    Promise.all(samples.map((_, i) => pictureSum(pictures[i])));
  return {
    seed: train.seed,
    list: train['shots.list'],
    index: train['shots.index'],
    normal: ids(shots.normal),
    abnormal: ids(shots.abnormal),
    rest: shots.rest.length,
    sha256: {
      normal: await sums(shots.normal, normal),
      // Those that were made of normal ones are no images of the data set.
      abnormal: await sums(shots.abnormal, abnormal),
    },
  };
}

/**
 * Whether a data set has the support images that a run was begun with, under their names and with their pixels.
 * @param drawn `shots.json` of the run; files of before there were sums have the names alone
 */
export async function sameShots(drawn: unknown, support: Support, header: RunConfig): Promise<boolean> {
  const now = await shotsJson(support, header);
  const { sha256: _, ...names } = now;
  const known = drawn !== null && typeof drawn === 'object' && 'sha256' in drawn;
  return JSON.stringify(drawn) === JSON.stringify(known ? now : names);
}

/** SHA-256 of a picture at the model's size, with its mask. */
function pictureSum({ pixels, mask }: Picture): Promise<string> {
  const { width, height, data } = pixels;
  const bytes = new Uint8Array(data);
  return sha256(new TextEncoder().encode(`${width}x${height}:`), bytes, mask ?? new Uint8Array(0));
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
  const before = await folder.readJson('env.json', STORED_ENVIRONMENT);
  if (!before?.started) return now;
  const { earlier = [], ...rest } = before;
  return { ...now, earlier: [...earlier, rest] };
}
