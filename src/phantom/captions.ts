import type { PhantomFamily } from './family.ts';

/** What is known about a phantom: how captions are made, and what a test may ask. */
export interface PhantomFacts {
  readonly family: string;
  readonly abnormal: boolean;
  /** Names of the lesion kinds in it; empty when normal. */
  readonly kinds: readonly string[];
  /** Part of the picture that is lesion, 0 to 1. */
  readonly area: number;
  /** `small`, `medium` or `large`; null when normal. */
  readonly size: LesionSize | null;
  /** Where in the picture the lesion is; null when normal. */
  readonly place: string | null;
}

/** How large a lesion is in words, by its part of the picture. */
export type LesionSize = 'small' | 'medium' | 'large';

const SIZES: readonly LesionSize[] = ['small', 'medium', 'large'];
/** Ninths of the picture, row by row. */
const PLACES = ['upper left', 'top', 'upper right', 'left', 'centre', 'right', 'lower left', 'bottom', 'lower right'];
const SCATTERED = 'several places';

/** Facts of a mask [size, size] of zeros and non-zeros. */
export function factsOf(family: string, kind: string | null, mask: Uint8Array, size: number): PhantomFacts {
  if (kind === null) return { family, abnormal: false, kinds: [], area: 0, size: null, place: null };
  let [count, sumX, sumY, square] = [0, 0, 0, 0];
  for (let i = 0; i < mask.length; i++) {
    if (mask[i] === 0) continue;
    const [x, y] = [(i % size) / size, Math.floor(i / size) / size];
    count++;
    sumX += x;
    sumY += y;
    square += x * x + y * y;
  }
  const area = count / mask.length;
  const [x, y] = count > 0 ? [sumX / count, sumY / count] : [0.5, 0.5];
  // A disc of this area has a mean squared radius of area / 2π; much more means several lesions or a thin one.
  const spread = count > 0 ? square / count - x * x - y * y : 0;
  const scattered = spread > 0.035 && spread > 2.2 * (area / 6.2832);
  const third = (t: number) => (t < 0.42 ? 0 : t > 0.58 ? 2 : 1);
  const place = scattered ? SCATTERED : PLACES[3 * third(y) + third(x)];
  return {
    family,
    abnormal: true,
    kinds: [kind],
    area,
    size: area < 0.025 ? 'small' : area < 0.06 ? 'medium' : 'large',
    place,
  };
}

/**
 * Ways to describe a phantom in a sentence. Half are those of the prompts, word by word (`a photo of a flawless Brain.`,
 * even where that makes `a unblemished`), so that a text tower trained on captions knows what prompts say; the others
 * are those of a report, with kind, size and place of the lesion.
 */
export function captionsOf(family: PhantomFamily, facts: PhantomFacts): string[] {
  const [object, ...others] = family.nouns;
  const photo = (what: string) => `a photo of a ${what}.`;
  if (!facts.abnormal) {
    return [
      ...others.flatMap((noun) => [`a normal ${noun}.`, `a healthy ${noun} without lesion.`]),
      photo(object),
      photo(`normal ${object}`),
      photo(`flawless ${object}`),
      photo(`perfect ${object}`),
      photo(`unblemished ${object}`),
      photo(`${object} without flaw`),
      photo(`${object} without defect`),
      photo(`${object} without damage`),
    ];
  }
  const phrases = family.kinds.filter(({ name }) => facts.kinds.includes(name)).flatMap((kind) => kind.phrases);
  const where = facts.place === SCATTERED ? `in ${SCATTERED}` : `at the ${facts.place}`;
  return [
    ...others.flatMap((noun) => phrases.map((phrase) => `${withArticle(noun)} with ${phrase} ${where}.`)),
    ...others.map((noun) => `an abnormal ${noun} with a ${facts.size} lesion ${where}.`),
    ...phrases.map((phrase) => photo(`${object} with ${phrase}`)),
    photo(`abnormal ${object}`),
    photo(`damaged ${object}`),
    photo(`broken ${object}`),
    photo(`${object} with flaw`),
    photo(`${object} with defect`),
    photo(`${object} with damage`),
  ];
}

/** Every caption that phantoms of a family can have, each once: what a vocabulary is made from. */
export function allCaptions(family: PhantomFamily, kinds = family.kinds.map(({ name }) => name)): string[] {
  const base = { family: family.name, area: 0 };
  const captions = new Set(captionsOf(family, { ...base, abnormal: false, kinds: [], size: null, place: null }));
  for (const kind of kinds) {
    for (const size of SIZES) {
      for (const place of [...PLACES, SCATTERED]) {
        for (const text of captionsOf(family, { ...base, abnormal: true, kinds: [kind], size, place }))
          captions.add(text);
      }
    }
  }
  return [...captions];
}

/** The noun with `a` or `an`; of capitals that are spelt out, those that sound like vowels. */
function withArticle(noun: string): string {
  return `${/^([aeiou]|[AEFHILMNORSX]([A-Z]|\b))/.test(noun) ? 'an' : 'a'} ${noun}`;
}
