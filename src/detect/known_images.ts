import type { DecisionRule } from '../decide/decision_rule.ts';
import type { SupportBank } from './support_bank.ts';

/** Images that a run has looked at beside its normal support images, by their keys: a key shows nothing of an image. */
export interface SeenImages {
  /** Abnormal support images, which the weights are fitted to. */
  readonly abnormal: readonly string[];
  /** Images that weights or learning rates were compared on, and chosen by. */
  readonly chosen: readonly string[];
  /** Test images, in the order of `predictions.csv`; nothing was chosen by them. */
  readonly test: readonly string[];
}

/** What an image was to a run, so that its score is none of a new image. */
export type KnownAs = 'support' | 'chosen' | 'calibration';

/** One of the images that are scored. */
export interface KnownImage {
  readonly id: string;
  readonly as: KnownAs;
}

/** What an image was to the run, one and several, and what that did to its score. */
const MADE_OF = {
  support: ['a support image', 'support images', 'the weights are fitted to them'],
  chosen: ['a validation image', 'validation images', 'the weights were chosen by them'],
} as const;

/** What an image was to the weights, in a few words; null where they know nothing of it. */
export function knownWord(as: KnownAs | null): string | null {
  return as === 'support' || as === 'chosen' ? `${MADE_OF[as][0]} of the run` : null;
}

/** What is to be known of the scores of images that the weights of a run were made of, a clause for each kind. */
export function knownClauses(known: readonly KnownImage[]): string[] {
  return (['support', 'chosen'] as const).flatMap((as) => {
    const [first, ...more] = known.filter((one) => one.as === as);
    if (!first) return [];
    const [one, many, why] = MADE_OF[as];
    const are =
      more.length > 0 ? `${more.length + 1} of the images (${first.id}, …) are ${many}` : `${first.id} is ${one}`;
    return [`${are} of the run: ${why}, so their scores are not those of new images`];
  });
}

/** Tells the images again that a run, or its calibration, was made of. */
export function knownImages({
  bank,
  seen,
  rule,
}: {
  readonly bank: Pick<SupportBank, 'images'>;
  /** Null in files of before it was kept. */
  readonly seen: SeenImages | null;
  readonly rule: DecisionRule | null;
}): (key: string | undefined) => KnownAs | null {
  // Of normal support images a file has the first half of their keys.
  const normal = new Set(bank.images);
  const abnormal = new Set(seen?.abnormal);
  const chosen = new Set(seen?.chosen);
  const calibrated = new Set(rule?.from.images);
  return (key) => {
    if (key === undefined) return null;
    if (abnormal.has(key) || normal.has(key.slice(0, key.indexOf('.')))) return 'support';
    if (chosen.has(key)) return 'chosen';
    return calibrated.has(key) ? 'calibration' : null;
  };
}
