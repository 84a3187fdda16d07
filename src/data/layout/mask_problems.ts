import { counted } from '../../base/counted.ts';
import { sourceName } from '../audit/source_name.ts';
import type { StoredMask } from '../decode.ts';
import type { Image } from '../image.ts';
import { filesOf, type Sample } from './dataset.ts';
import { enclosedPixels } from './enclosed.ts';
import type { Problem } from './problem.ts';
import type { Scan } from './scanned.ts';

/** What the masks of an image say. */
export interface Lesion {
  readonly sample: Sample;
  /** How much of the image is lesion. */
  readonly share: number;
  /** How much of the image it encloses without covering it. */
  readonly enclosed: number;
  /** Whether it lies around the rest, as what is no lesion does: most of the image and of its border, but not all. */
  readonly surrounds: boolean;
  /** Whether it runs along all edges of the image and leaves most of the rest, as a frame does. */
  readonly framed: boolean;
  /** Equal for equal masks, and hardly for others. */
  readonly form: string;
  /** The values that were found in them beside the background; null where they are no codes. */
  readonly codes: readonly number[] | null;
  /** Whether one of them was read at one half. */
  readonly smeared: boolean;
  /** Whether one of them is a picture by its levels. */
  readonly pictured: boolean;
}

/** What a mask says, of its files `parts`. */
export function lesionOf(sample: Sample, mask: Image, parts: readonly StoredMask[]): Lesion {
  const { width, height, data } = mask;
  let [count, places, squares] = [0, 0, 0];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    count++;
    places += i;
    squares = (squares * 31 + i) % 1e9;
  }
  const share = count / data.length;
  const border = borderShare(mask);
  return {
    sample,
    share,
    surrounds: share > MOST && share < 1 && border >= BORDER,
    framed: share <= MOST && border >= FRAME,
    enclosed: count === 0 ? 0 : enclosedPixels(mask) / data.length,
    form: [width, height, count, places, squares].join(),
    codes: parts.every(({ codes }) => codes) ? [...new Set(parts.flatMap(({ codes }) => codes!))] : null,
    smeared: parts.some(({ smeared }) => smeared),
    pictured: parts.some(({ pictured }) => pictured),
  };
}

/** Share of a mask that is lesion, from which it looks inverted. */
const MOST = 0.5;

/** Share of an image's border that no lesion covers. */
const BORDER = 0.75;

/** Share of an image's border that a frame covers. */
const FRAME = 0.95;

/** Share of the masks of a split that are no mistake of one or two. */
const SOME = 0.25;

function borderShare({ width, height, data }: Image): number {
  let [all, on] = [0, 0];
  for (let y = 0; y < height; y++) {
    const step = y === 0 || y === height - 1 ? 1 : Math.max(1, width - 1);
    for (let x = 0; x < width; x += step) {
      all++;
      if (data[y * width + x] !== 0) on++;
    }
  }
  return on / all;
}

/** So many equal masks are no chance. */
const SEVERAL = 3;

/** What masks show together: that most of them are inverted, that all are empty or equal, and that they hold codes of several things. */
export function maskSetProblems(scan: Scan, lesions: readonly Lesion[], backgroundGiven: boolean): Problem[] {
  const abnormal = lesions.filter(({ sample }) => sample.label === 1);
  const pictures = lesions.filter(({ pictured }) => pictured);
  if (pictures.length > 0) return picturesAsMasks(scan, lesions, pictures, backgroundGiven);
  return [
    ...inverted(scan, lesions, backgroundGiven),
    ...empty(scan, abnormal),
    ...equal(abnormal),
    ...frames(abnormal, backgroundGiven),
    ...outlines(abnormal),
    ...codes(scan, lesions),
    ...manyLevels(lesions, backgroundGiven),
  ];
}

/** Pictures in place of masks, such as copies of the images, or lesions drawn over them. */
function picturesAsMasks(
  { path }: Scan,
  all: readonly Lesion[],
  pictures: readonly Lesion[],
  given: boolean,
): Problem[] {
  const what = `it has the many grey levels of a picture, as ${pictures.length} of ${counted(all.length, 'mask')}`;
  const advice =
    '; put masks there, leave them out with --skip, or say with --mask.background black that all but black is lesion';
  const severity = given ? 'warning' : 'error';
  const leave = pictures.flatMap(({ sample }) => filesOf(sample, path));
  return [{ kind: 'image_as_mask', severity, path: pathOf(pictures[0]), message: given ? what : what + advice, leave }];
}

const pathOf = ({ sample }: Lesion) => sample.mask!.paths[0];

/** Masks that look inverted: most of them, or some among others, for which no one background is right. Where one was given, they are told of. */
function inverted({ path }: Scan, lesions: readonly Lesion[], given: boolean): Problem[] {
  const large = lesions.filter(({ share }) => share > MOST);
  if (large.length === 0) return [];
  const problem = (one: Lesion, severity: Problem['severity'], what: string, advice: string, leave?: string[]) => {
    const message = given ? what : `${what}${advice}`;
    return {
      kind: 'inverted_masks',
      severity: given ? 'warning' : severity,
      path: pathOf(one),
      message,
      leave,
    } as const;
  };
  const full = lesions.filter(({ share }) => share > 0);
  const odd = (['valid', 'test'] as const).flatMap((split) => {
    const own = full.filter(({ sample }) => sample.split === split);
    const around = own.filter(({ surrounds }) => surrounds);
    return around.length < SOME * own.length ? [] : around;
  });
  if (odd.length > 0 && full.length - large.length >= SOME * full.length) {
    const what = `in ${odd.length} of ${counted(full.length, 'mask')} the lesion lies around the rest, in others within it, as where some are inverted`;
    const advice =
      '; invert those, leave their images out with --skip, or take all as they are with --mask.background black';
    const leave = odd.flatMap(({ sample }) => filesOf(sample, path));
    return [problem(odd[0], 'error', what, advice, leave)];
  }
  const many = large.length > lesions.length / 2;
  const advice = many
    ? '; read them with --mask.background white, with black if lesions are that large, or say which values are lesion with --mask.values'
    : '; are they inverted?';
  const { background } = large[0].sample.mask!;
  const what = `more than half of the pixels are lesion in ${large.length} of ${counted(lesions.length, 'mask')}, read on a ${background} background`;
  return [problem(large[0], many ? 'error' : 'warning', what, advice)];
}

function empty({ path }: Scan, abnormal: readonly Lesion[]): Problem[] {
  return (['valid', 'test'] as const).flatMap((split): Problem[] => {
    const own = abnormal.filter(({ sample }) => sample.split === split);
    if (own.length === 0 || own.some(({ share }) => share > 0)) return [];
    const which =
      own.length === 1 ? 'the mask of the one abnormal image' : `the masks of all ${own.length} abnormal images`;
    const message = `${which} of ${split} ${own.length === 1 ? 'is' : 'are'} empty; mend them, or leave the masks out with --skip to go by labels alone`;
    return [{ kind: 'empty_masks', severity: 'error', path, message }];
  });
}

function equal(abnormal: readonly Lesion[]): Problem[] {
  const full = abnormal.filter(({ share }) => share > 0);
  if (full.length >= SEVERAL && full.every(({ form }) => form === full[0].form)) {
    const message = `all ${full.length} masks are equal, as if one had been copied; check that each belongs to its image`;
    return [{ kind: 'equal_masks', severity: 'warning', path: pathOf(full[0]), message }];
  }
  return twice(full);
}

/** Some masks that are equal though their images are of different patients, as far as names tell: slices of one may well have equal ones. */
function twice(full: readonly Lesion[]): Problem[] {
  const byForm = new Map<string, Lesion[]>();
  for (const one of full) byForm.set(one.form, [...(byForm.get(one.form) ?? []), one]);
  const same = [...byForm.values()].filter((some) => {
    const [first, ...others] = some.map(({ sample }) => sample.patient ?? sourceName(sample.id) ?? sample.id);
    return others.some((other) => other !== first);
  });
  if (same.length === 0) return [];
  const [[first, second]] = same;
  const more = same.length > 1 ? `; so are ${same.length - 1} more masks and others` : '';
  const message = `it equals that of another image, ${second.sample.id}${more}; check that each belongs to its image`;
  return [{ kind: 'equal_masks', severity: 'warning', path: pathOf(first), message }];
}

/** White margins, as a program leaves them that saves figures. */
function frames(abnormal: readonly Lesion[], given: boolean): Problem[] {
  const full = abnormal.filter(({ share }) => share > 0);
  const framed = full.filter((one) => one.framed);
  if (framed.length === 0) return [];
  const what = `in ${framed.length} of ${counted(full.length, 'mask')} the lesion runs along all edges of the image, as a frame does`;
  const advice = '; cut the frames off, or take all as they are with --mask.background black';
  const severity = given || framed.length <= full.length / 2 ? 'warning' : 'error';
  return [{ kind: 'framed_masks', severity, path: pathOf(framed[0]), message: given ? what : what + advice }];
}

/** Levels that are neither codes nor end in white: numbers of lesions, or chances, of which those that are near nothing count as well. */
function manyLevels(lesions: readonly Lesion[], given: boolean): Problem[] {
  const own = lesions.filter(({ share, sample }) => share > 0 && !sample.mask?.values);
  const many = own.filter(({ codes, smeared }) => !codes && !smeared);
  if (many.length === 0) return [];
  const { background } = many[0].sample.mask!;
  const halved = own.filter(({ smeared }) => smeared).length;
  const what = `${many.length} of ${counted(own.length, 'mask')} have many levels, and all of these but ${background} count as lesion${halved > 0 ? `, while ${halved} are read at one half` : ''}`;
  const advice = `; where levels are chances, or come of smoothing, write masks in black and white${halved > 0 ? `, or take them so with --mask.background ${background}` : ''}`;
  const severity = halved > 0 && !given ? 'error' : 'warning';
  return [{ kind: 'mask_values', severity, path: pathOf(many[0]), message: given ? what : what + advice }];
}

/** Lines around lesions in place of these: a method that finds the lesion would then be told that it is wrong inside. */
function outlines(abnormal: readonly Lesion[]): Problem[] {
  const full = abnormal.filter(({ share }) => share > 0);
  const hollow = full.filter(({ share, enclosed, framed }) => enclosed > share && !framed);
  if (hollow.length <= full.length / 2) return [];
  const message = `in ${hollow.length} of ${counted(full.length, 'mask')} the lesion encloses more than it covers, as an outline does; fill the outlines if all that is inside is lesion`;
  return [{ kind: 'outlined_masks', severity: 'warning', path: pathOf(hollow[0]), message }];
}

function codes({ path }: Scan, lesions: readonly Lesion[]): Problem[] {
  const found = [...new Set(lesions.flatMap((one) => one.codes ?? []))].sort((a, b) => a - b);
  const values = lesions[0]?.sample.mask?.values;
  if (values) {
    const missing = values.filter((value) => lesions.every((one) => one.codes && !one.codes.includes(value)));
    return missing.map((value): Problem => {
      const message = `no mask holds the value ${value} of --mask.values; they hold ${found.join(', ') || 'none'}`;
      return { kind: 'mask_values', severity: 'warning', path, message };
    });
  }
  const several = lesions.filter((one) => (one.codes?.length ?? 0) > 1);
  if (several.length === 0) return [];
  const list = `${found.slice(0, -1).join(', ')} and ${found[found.length - 1]}`;
  const message = `masks hold the values ${list}, and each of these counts as lesion; where they are codes of several things, --mask.values ${found[found.length - 1]} or a list takes those alone`;
  return [{ kind: 'mask_values', severity: 'warning', path: pathOf(several[0]), message }];
}
