import { median } from '../../base/average.ts';
import type { Problem } from '../layout/problem.ts';
import type { ImageFacts } from '../layout/read_scan.ts';
import type { ValueFacts } from '../range/values.ts';
import type { FileFacts } from './file_facts.ts';
import { nameSeparation, type Separation, separation } from './separation.ts';

/** What of an image has nothing to do with what it shows. */
export interface Form {
  readonly width: number;
  readonly height: number;
  readonly file: FileFacts;
  readonly values: Pick<ValueFacts, 'bits' | 'filled'>;
}

/** Something about images that has nothing to do with what they show. */
interface Property {
  readonly what: string;
  /** Of properties of one kind the first that tells is told. */
  readonly kind: string;
  /** Of splits alone: labels may well differ by it. */
  readonly splitsOnly?: boolean;
  /** By how much numbers have to differ, in the middle, to be worth a word: what images show moves them too. */
  readonly least?: number;
  /** A name, or a number; null where an image has none. */
  readonly of: (image: Form) => string | number | null;
}

/** What a model may go by in place of lesions. */
const PROPERTIES: readonly Property[] = [
  { what: 'the size of an image', kind: 'size', of: ({ width, height }) => `${width}×${height}` },
  { what: 'the number of pixels', kind: 'size', of: ({ width, height }) => width * height },
  { what: 'the shape of an image (width by height)', kind: 'size', of: ({ width, height }) => width / height },
  { what: 'the format of a file', kind: 'file', of: ({ file }) => file.format },
  { what: 'how coarsely a JPEG was saved (mean step)', kind: 'file', of: ({ file }) => file.steps },
  { what: 'the number of bits', kind: 'bits', of: ({ values }) => `${values.bits} bits` },
  {
    what: 'how sharp or noisy an image is (0.25 smooth, 1 noise)',
    kind: 'file',
    least: 0.1,
    of: ({ file }) => file.grain,
  },
  {
    what: 'for how many of the grey levels the next one occurs too (1: for all, 0: for none, as where there are few)',
    kind: 'levels',
    least: 0.25,
    of: ({ values }) => values.filled,
  },
  // Lesions may well have a colour of their own.
  { what: 'the colour on the whole (red less blue)', kind: 'warmth', splitsOnly: true, of: ({ file }) => file.warmth },
  { what: 'colour', kind: 'colour', of: ({ file }) => (file.coloured ? 'coloured' : 'grey') },
];

/** So far apart two groups lie where an image can be told to be of one of them: by a rule that is right for nine of ten. */
const APART = 0.8;

/** And by a number, where one of them is a batch that somebody has put together: images of one patient or device are much alike. */
export const BATCH_APART = 0.95;

/** How likely that may be by chance: names do not differ for nothing, numbers always do. */
const CHANCE = { name: 0.03, number: 0.001 } as const;

/** A property that tells two groups of images apart, and how. */
export interface Told {
  readonly what: string;
  /** What the images of the groups have. */
  readonly found: readonly [string, string];
}

/** Two groups that have to lie apart as well: mostly the same ones by label. */
export type Parts = readonly (readonly [readonly Form[], readonly Form[]])[];

/** All of the properties that tell two groups of images apart, of each kind one. @param parts for a batch */
export function toldApart(
  first: readonly Form[],
  second: readonly Form[],
  by: 'label' | 'split' | 'batch',
  parts: Parts = [],
): Told[] {
  const told = new Map<string, Told>();
  const apart = by === 'batch' ? BATCH_APART : APART;
  for (const { what, kind, of, least = 0, splitsOnly = false } of PROPERTIES) {
    if (told.has(kind) || (splitsOnly && by === 'label')) continue;
    const valuesOf = (images: readonly Form[]) => images.flatMap((image) => of(image) ?? []);
    const [a, b] = [first, second].map(valuesOf);
    if (a.length < first.length / 2 || b.length < second.length / 2) continue;
    const everywhere = (test: (part: [ReturnType<typeof valuesOf>, ReturnType<typeof valuesOf>]) => boolean) =>
      parts.every(([own, other]) => test([valuesOf(own), valuesOf(other)]));
    if (a.every(isName) && b.every(isName)) {
      const found = nameSeparation(a, b);
      const isTold =
        isClear(found, CHANCE.name) && everywhere(([p, q]) => isFar(nameSeparation(p.map(String), q.map(String))));
      if (isTold) told.set(kind, { what, found: [namesIn(a, found), namesIn(b, found)] });
    } else {
      const [p, q] = [a.map(Number), b.map(Number)];
      if (Math.abs(median(p) - median(q)) < least || !isClear(separation(p, q), CHANCE.number, apart)) continue;
      if (!everywhere(([own, other]) => isFar(separation(own.map(Number), other.map(Number)), apart))) continue;
      told.set(kind, { what, found: [spanOf(p), spanOf(q)] });
    }
  }
  return [...told.values()];
}

/** Whether two groups are told apart. */
export function isClear(found: Separation, least: number = CHANCE.number, apart = APART): boolean {
  return isFar(found, apart) && found.chance <= least;
}

function isFar({ distance }: Separation, apart = APART): boolean {
  return distance >= apart;
}

function isName(value: string | number): value is string {
  return typeof value === 'string';
}

/** Names in a few words, with their numbers where some are found in both groups. */
function namesIn(all: readonly string[], { distance }: Separation): string {
  const counts = new Map<string, number>();
  for (const name of all) counts.set(name, (counts.get(name) ?? 0) + 1);
  const list = [...counts].sort(([, a], [, b]) => b - a);
  const shown = list.slice(0, 3).map(([name, count]) => (distance < 1 ? `${count} of ${all.length} ${name}` : name));
  return `${shown.join(', ')}${list.length > 3 ? ', …' : ''}`;
}

/** Where all but a tenth of numbers lie. */
function spanOf(all: readonly number[]): string {
  const sorted = [...all].sort((a, b) => a - b);
  const at = (share: number) => Number(sorted[Math.round(share * (sorted.length - 1))].toPrecision(3));
  const [low, high] = [at(0.05), at(0.95)];
  return low === high ? String(low) : `${low} to ${high}`;
}

/** Labels that something trivial tells: over all images, or in a split alone. */
export function labelProblems(path: string, images: readonly ImageFacts[]): Problem[] {
  const of = (own: readonly ImageFacts[], where: string): Problem[] => {
    const told = toldApart(
      own.filter(({ label }) => label === 0),
      own.filter(({ label }) => label === 1),
      'label',
    );
    return told.map(({ what, found: [normal, abnormal] }) => {
      const message = `${what} tells the labels apart${where} (normal: ${normal}; abnormal: ${abnormal}), and a model may go by what comes of that in place of lesions; bring all images into one form`;
      return { kind: 'told_apart', severity: 'warning', path, message };
    });
  };
  const all = of(images, '');
  if (all.length > 0) return all;
  return (['valid', 'test'] as const).flatMap((split) =>
    of(
      images.filter((image) => image.split === split),
      ` in ${split}`,
    ),
  );
}

/** Splits of which the images have another form. */
export function splitProblems(path: string, images: readonly ImageFacts[]): Problem[] {
  const [valid, test] = (['valid', 'test'] as const).map((split) => images.filter((image) => image.split === split));
  return toldApart(valid, test, 'split').map(({ what, found: [ours, theirs] }) => {
    const message = `${what} tells the splits apart (valid: ${ours}; test: ${theirs}), so test shows how a model does on images of another form than those it is trained and chosen on`;
    return { kind: 'unlike_splits', severity: 'warning', path, message };
  });
}
