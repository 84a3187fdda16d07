import { median } from '../../base/average.ts';
import { LEVELS } from './brightness.ts';
import type { Look, Looks } from './looks.ts';
import { type Lying, lyingOf } from './lying.ts';
import { separation } from './separation.ts';
import { BATCH_APART, isClear, toldApart } from './told_apart.ts';

/** Images with those of the run that they are held against. */
type Pair = readonly [known: readonly Look[], seen: readonly Look[]];

/**
 * What images have otherwise than those that a run was made on, which makes its scores of them doubtful: a clause for each kind. Nothing
 * is said where they are too few to be sure.
 * @param seen labelled images are held against those of their label, others against those of either
 */
export function unlikeClauses({ images: known }: Pick<Looks, 'images'>, seen: readonly Look[]): string[] {
  if (known.length === 0) return [];
  const of = (looks: readonly Look[], label: 0 | 1) => looks.filter((one) => one.label === label);
  const labelled = seen.some(({ label }) => label !== null);
  const pairs = ([0, 1] as const).map((label): Pair => [of(known, label), labelled ? of(seen, label) : seen]);
  const [ours, theirs] = [known, seen].map((looks) => looks.flatMap(({ fit }) => fit ?? []));
  const lying = lyingOf(ours, theirs);
  // An inverted image of black and white is a bright one as well.
  const brightness = lying?.what === 'inverted' ? [] : brightnessClauses(pairs, labelled);
  return [...placesClauses(lying), ...brightness, ...formClauses(known, seen, pairs), ...shapeClauses(known, seen)];
}

/** By so much a shape lies beyond all that the run has seen. */
const STRETCHED = 2;

/** Single images of a shape that the run has not seen, which are stretched to what it has: of that there is no doubt, however few they are. */
function shapeClauses(known: readonly Look[], seen: readonly Look[]): string[] {
  const shapes = known.map(({ width, height }) => width / height);
  const [least, most] = [shapes.reduce((a, b) => Math.min(a, b)), shapes.reduce((a, b) => Math.max(a, b))];
  const odd = seen.filter(({ width, height }) => {
    const shape = width / height;
    return shape > STRETCHED * most || shape < least / STRETCHED;
  });
  if (odd.length === 0) return [];
  const [{ width, height }] = odd;
  const [have, are] = odd.length === 1 ? ['has', 'is'] : ['have', 'are'];
  return [
    `${odd.length} of the ${seen.length} images ${have} a shape far from those that the run was made on (${width}×${height}, width by height ${Number((width / height).toPrecision(2))}; there: ${Number(least.toPrecision(2))} to ${Number(most.toPrecision(2))}) and ${are} stretched, or padded, to the model's square; cut or pad to the shape of those`,
  ];
}

function placesClauses(lying: Lying | null): string[] {
  if (lying?.what === 'turned') {
    return [
      `nearly all of the images fit those that the run was made on better ${lying.how}; bring them into the position of those`,
    ];
  }
  if (lying?.what === 'inverted') {
    return [
      'the images have dark what is bright in those that the run was made on, as inverted images have; invert them',
    ];
  }
  if (lying === null) return [];
  return [
    `the images have bright and dark in other places than those that the run was made on (correlation ${lying.theirs.toFixed(2)}, among those ${lying.ours.toFixed(2)}), as images of something else have; a run for these has to be trained on such`,
  ];
}

/** Lesions may well be bright: where nobody has said which images are abnormal, they have to differ from either. */
function brightnessClauses(pairs: readonly Pair[], labelled: boolean): string[] {
  const compared = pairs.filter(([known, seen]) => Math.min(known.length, seen.length) > 0);
  if (compared.length < (labelled ? 1 : 2)) return [];
  const moved = compared.map(([known, seen]) => {
    const [ours, theirs] = [known, seen].map((looks) => looks.map(({ brightness }) => brightness));
    const by = median(theirs) - median(ours);
    const found = separation(ours, theirs);
    const isFar = found.distance >= BATCH_APART && Math.abs(by) >= LEVELS;
    return { way: isFar ? Math.sign(by) : 0, sure: isClear(found), ours: median(ours), theirs: median(theirs) };
  });
  const [{ way, ours, theirs }] = moved;
  if (way === 0 || moved.some((one) => one.way !== way) || !moved.some(({ sure }) => sure)) return [];
  const than = way > 0 ? 'brighter' : 'darker';
  return [
    `the images are ${than} than those that the run was made on (grey ${Math.round(theirs)} on average, theirs ${Math.round(ours)}), as after another export; write them as those were written, or train on images like these`,
  ];
}

function formClauses(known: readonly Look[], seen: readonly Look[], pairs: readonly Pair[]): string[] {
  const parts = pairs.filter(([ours, theirs]) => Math.min(ours.length, theirs.length) > 0);
  return toldApart(known, seen, 'batch', parts).map(
    ({ what, found: [ours, theirs] }) =>
      `${what} tells the images from those that the run was made on (here: ${theirs}; there: ${ours}), so scores and thresholds may not hold for them; bring them into the form of those, or train on images like these`,
  );
}
