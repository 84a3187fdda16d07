import { optionTexts } from '../base/option.ts';
import { sha256 } from '../data/audit/identical.ts';
import type { DecisionRule } from '../decide/decision_rule.ts';
import { STORED_RULE } from '../decide/stored.ts';
import { FUSION_OPTIONS, type FusionRanges } from '../fusion/index.ts';
import type { RunConfig } from '../run/run_config.ts';
import { type OpenedFile, stored } from './tensor_file.ts';

/** Where the metadata of an adapters file hold its rule. */
export const RULE_KEY = 'decisions';

/** The rule in the metadata of an adapters file, or null. @throws FusionclipError `bad_model` */
export function readRule(metadata: OpenedFile['metadata'], path: string): DecisionRule | null {
  const text = metadata.get(RULE_KEY);
  return text === undefined ? null : stored(STORED_RULE, text, path);
}

/**
 * SHA-256 of all that an image's score depends on: model, settings of the method, weights, ranges and bank, but not of where
 * things lie. A rule holds for scores of this hash alone.
 */
export async function scoringHash(
  { kind, object, model, fusion }: RunConfig,
  ranges: FusionRanges | null,
  tensors: OpenedFile['tensors'],
): Promise<string> {
  const parts = [JSON.stringify([kind, object, model.hash, optionTexts(FUSION_OPTIONS, fusion), ranges])];
  for (const name of [...tensors.keys()].sort()) {
    const { dtype, shape, data } = tensors.get(name)!;
    parts.push(`${name} ${dtype} ${shape} ${await sha256(data.slice())}`);
  }
  return sha256(new TextEncoder().encode(parts.join('\n')));
}
