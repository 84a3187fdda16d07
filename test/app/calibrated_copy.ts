import { makeDecisionRule } from '../../src/decide/decision_rule.ts';
import { openAdapters } from '../../src/detect/adapters_file.ts';
import { RULE_KEY, scoringHash } from '../../src/detect/decision_file.ts';
import { openTensorFile, writeTensorFile } from '../../src/detect/tensor_file.ts';
import { createNodeHost } from '../../src/host/node.ts';

/** A copy of an adapters file with a calibration on 19 made-up normal images of scores 0.001 apart below `highest`. */
export async function calibratedCopy(path: string, highest: number): Promise<string> {
  const fs = createNodeHost();
  const { header, metadata, tensors } = await openTensorFile(fs, path, 'adapters');
  const weights = await scoringHash(header, (await openAdapters(fs, path)).ranges, tensors);
  const normals = Array.from({ length: 19 }, (_, i) => {
    return { score: highest - 0.001 * i, peak: 1, patient: null, facts: [], features: [], scanner: null };
  });
  const wishes = { alpha: 0.05, sensitivity: null, probability: 'platt' } as const;
  const rule = makeDecisionRule(normals, null, wishes, { hash: 'made up', weights, group: null, images: [] });
  const copy = path.replace(/\.safetensors$/, '-calibrated.safetensors');
  const { format: _, checksum: __, what: ___, header: ____, ...kept } = Object.fromEntries(metadata);
  await writeTensorFile(fs, copy, { what: 'adapters', header }, [...tensors], {
    ...kept,
    [RULE_KEY]: JSON.stringify(rule),
  });
  return copy;
}
