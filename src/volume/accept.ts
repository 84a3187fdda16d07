import { FusionclipError } from '../base/errors.ts';

/** What a series may have against it that `--accept` takes all the same, and what becomes of it then. */
export const ACCEPTABLE = {
  gaps: 'slices are missing: those that are there keep their places; the missing ones are not scored',
  doubles: 'places with several pictures: the first by instance is taken',
  uneven: 'distances differ: slices are taken as they follow each other, at equal distances',
  tilt: 'slices do not lie straight above each other: the volume is slanted, as they are',
  localizers: 'localizers: they are left out',
  sizes: 'pictures of several sizes: the most frequent one is taken',
  single: 'one slice alone is a volume',
  damaged: 'files that cannot be read: they are left out',
  placeless: 'pictures without a place: they are left out',
  volumes: 'volumes beside single images: they are left out',
  modality: 'another modality than the run was trained on: scored by its grey levels all the same',
  unnamed:
    'values as low as those of CT in a file that does not say what it is: it is taken for no CT, by percentiles of its own',
  frames: 'single images of several frames (loops of ultrasound): each frame is an image',
} as const;

/** A word of `--accept`. */
export type Accepted = keyof typeof ACCEPTABLE;

/** Rules that accept some words more. */
export function accepting<R extends { readonly accept: string }>(rules: R, more: readonly string[]): R {
  return { ...rules, accept: [rules.accept, ...more].filter((word) => word !== '').join(',') };
}

/** Reads `--accept gaps,doubles`. @throws FusionclipError `usage` */
export function parseAccept(text: string): ReadonlySet<Accepted> {
  const words = text.split(',').filter((word) => word !== '');
  for (const word of words) {
    if (!(word in ACCEPTABLE)) {
      throw new FusionclipError('usage', `--accept takes ${Object.keys(ACCEPTABLE).join(', ')}, not "${word}".`);
    }
  }
  return new Set(words as Accepted[]);
}

/** What is refused of images, unless a word is accepted where there is one. */
export function refusal(message: string, word: Accepted | null): FusionclipError {
  return new FusionclipError('bad_data', message, { accept: word ? [word] : [] });
}

/** One failure for all that was refused; it can be accepted, or a volume be chosen, where of each of them. */
export function refusalOf(refused: readonly FusionclipError[]): FusionclipError {
  // What to do stands behind all causes, once where it is the same: who has no command line is told the causes alone.
  const [[first, way], ...others] = refused.map(({ message }) => causeAndWay(message));
  const more = others.length > 0 ? ` (and ${others.length} more: ${others.map(([cause]) => cause).join(', ')})` : '';
  const ways = [...new Set([way, ...others.map(([, other]) => other)])].filter((each) => each !== '');
  const accept = refused.every((one) => one.accept.length > 0) ? refused.flatMap((one) => one.accept) : [];
  const volumes = refused.reduce((least, one) => Math.min(least, one.volumes), Number.POSITIVE_INFINITY);
  const message = `${[`${first}${more}`, ...ways].join('; ')}.`;
  return new FusionclipError('bad_data', message, { accept: [...new Set(accept)], volumes });
}

/** The parts of a sentence before and behind its first `;`, without its end. */
function causeAndWay(message: string): [cause: string, way: string] {
  const text = message.replace(/\.$/, '');
  const at = text.indexOf('; ');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 2)];
}
