import { mean } from '../../base/average.ts';
import { joinPath } from '../../base/paths.ts';
import type { Problem } from '../layout/problem.ts';
import type { ImageFacts } from '../layout/read_scan.ts';
import { CLOSE, fitOf, fitsOfOthers, lyingOf, patternOf } from './lying.ts';
import { TURNS } from './turns.ts';

/** Images among which a single one can be odd. */
const MANY = 12;

/** By so much one image alone fits better turned. */
const CLEARLY = 0.3;

/**
 * Images that lie otherwise than the others: the test split as a whole against that of validation, or some images against all. Where
 * the images show nothing in common, or lie no better as they are than turned, nothing can be said.
 */
export function turnedProblems(path: string, images: readonly ImageFacts[]): Problem[] {
  const seen = images.filter(({ places }) => places.some((one) => one !== 0));
  const [valid, test] = (['valid', 'test'] as const).map((split) => seen.filter((one) => one.split === split));
  const found = splitTurned(path, valid, test);
  return found.length > 0 ? found : someTurned(path, seen);
}

function splitTurned(path: string, valid: readonly ImageFacts[], test: readonly ImageFacts[]): Problem[] {
  const all = patternOf(valid);
  const theirs = test.map(({ places }) => fitOf(places, all));
  const lying = lyingOf(fitsOfOthers(valid, all), theirs);
  if (lying?.what === 'turned') {
    const message = `the images of test lie otherwise than those of valid: nearly all of them fit these better ${lying.how}; bring all into one position`;
    return [{ kind: 'turned_images', severity: 'warning', path, message }];
  }
  if (lying?.what === 'other') {
    const message = `the images of test have bright and dark in other places than those of valid (correlation ${lying.theirs.toFixed(2)}, within valid ${lying.ours.toFixed(2)}), as images of something else have; check that both are of one kind`;
    return [{ kind: 'unlike_splits', severity: 'warning', path, message }];
  }
  // Inverted ones are told one by one.
  return [];
}

function someTurned(path: string, images: readonly ImageFacts[]): Problem[] {
  if (images.length < MANY) return [];
  const fits = fitsOfOthers(images, patternOf(images));
  const each = images.map(({ id }, i) => {
    const { own, turned } = fits[i];
    const best = turned.reduce((most, fit, k) => (fit > turned[most] ? k : most), 0);
    // What fits worse than its negative would is inverted.
    const isOdd = turned[best] >= Math.max(CLOSE, own + CLEARLY, -own - CLEARLY);
    return { id, own, how: TURNS[best].name, isOdd };
  });
  const odd = each.filter(({ isOdd }) => isOdd);
  const others = each.filter(({ isOdd }) => !isOdd);
  const alike = mean(others.map(({ own }) => own));
  if (odd.length === 0 || odd.length > images.length / 3 || alike < CLOSE) return [];
  const more = odd.length > 1 ? ` (and ${odd.length - 1} more of ${images.length} lie otherwise)` : '';
  const message = `it fits the other images better ${odd[0].how}${more}; turn it, or leave it out with --skip`;
  return [{ kind: 'turned_images', severity: 'warning', path: joinPath(path, odd[0].id), message }];
}
