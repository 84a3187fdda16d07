import * as v from 'valibot';
import { parseJson } from '../base/json.ts';
import { joinPath } from '../base/paths.ts';
import { fnv1a32 } from '../base/rule.ts';
import type { AdapterFacts } from '../gpu/adapter.ts';
import type { Host } from '../host/host.ts';
import { type AttentionVariant, isAttentionVariant } from '../kernels/attention_variants.ts';
import { isMatmulVariant, type MatmulVariant } from '../kernels/matmul_plan.ts';

/** What `fusionclip tune` found out about an adapter. */
export interface Tuning {
  /** For people. */
  readonly adapter: string;
  readonly choices: Readonly<Record<string, string>>;
}

const TUNING = v.object({
  choices: v.object({
    matmul: v.custom<MatmulVariant>(isMatmulVariant),
    // Files of versions before this one have none.
    attention: v.exactOptional(v.custom<AttentionVariant>(isAttentionVariant)),
  }),
});

/** Where the choices of an adapter lie, or null where there is no folder for such things (a page). */
export function tuningFile(host: Host, { vendor, architecture, device, description }: AdapterFacts): string | null {
  const home = host.env('HOME') || host.env('USERPROFILE');
  const cache = host.env('XDG_CACHE_HOME') || (home && joinPath(home, '.cache'));
  if (!cache) return null;
  // Runtimes compile shaders in their own ways, so each has its own choices.
  const key = fnv1a32(JSON.stringify([host.runtime, vendor, architecture, device, description]));
  return joinPath(cache, 'fusionclip', `tuning-${key.toString(16).padStart(8, '0')}.json`);
}

/** The stored choices of an adapter; none when there are none, or none that this version understands. */
export async function readTuning(host: Host, facts: AdapterFacts): Promise<Tuning['choices']> {
  const file = tuningFile(host, facts);
  if (!file || (await host.stat(file))?.kind !== 'file') return {};
  try {
    return parseJson(TUNING, new TextDecoder().decode(await host.readFile(file))).choices;
  } catch {
    return {}; // the defaults are right everywhere; a spoilt file must not stop a training
  }
}
