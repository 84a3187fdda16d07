import { FusionclipError } from '../base/errors.ts';
import { ruleStream } from '../base/rule.ts';
import { allCaptions } from '../phantom/captions.ts';
import { PHANTOM_FAMILIES, phantom, phantomFamily } from '../phantom/phantom.ts';
import type { Pair, PairSource } from './pairs.ts';

/** Families whose anatomy has no side: mirrored, they are as likely as before. */
const MIRROR = new Set(['brain', 'resc', 'oct2017', 'histopathology']);

/**
 * Phantoms that are drawn when they are needed, in twins: the same anatomy under the same view, healthy and diseased. What
 * tells the captions of twins apart is the lesion and nothing else; strangers differ more by their anatomy.
 * @param families by name
 * @param without kinds of lesion that are never drawn
 * @throws FusionclipError `usage` for a family or kind that there is not, or a family without any kind left
 */
export function phantomPairs(families: readonly string[], without: readonly string[], seed: number): PairSource {
  const chosen = families.map((name) => {
    const family = phantomFamily(name);
    const kinds = family.kinds.map((kind) => kind.name).filter((kind) => !without.includes(kind));
    if (kinds.length === 0) {
      throw new FusionclipError('usage', `No lesion of ${name} is left; take a kind out of --without-kinds.`);
    }
    return { family, kinds };
  });
  if (chosen.length === 0) throw new FusionclipError('usage', 'There is nothing to train on: name phantom --families.');
  const known = new Set(Object.values(PHANTOM_FAMILIES).flatMap(({ kinds }) => kinds.map(({ name }) => name)));
  const unknown = without.find((kind) => !known.has(kind));
  if (unknown !== undefined) {
    const names = [...known].join(', ');
    throw new FusionclipError('usage', `--without-kinds has "${unknown}", which no family has; there are ${names}.`);
  }
  const pick = ruleStream('pretrain.family', seed);
  return {
    captions: chosen.flatMap(({ family, kinds }) => allCaptions(family, kinds)),
    async pair(index: number, size: number): Promise<Pair> {
      const twins = Math.floor(index / 2);
      const { family, kinds } = chosen[pick(twins) % chosen.length];
      const abnormal = index % 2 === 1 && kinds;
      const { image, mask, caption, captions } = phantom(family.name, seed, twins, { size, abnormal });
      return { image, caption, captions, view: twins, mirror: MIRROR.has(family.name), mask: abnormal ? mask : null };
    },
  };
}
