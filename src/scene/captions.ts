import { NUMBERS } from './arrangement.ts';

/** What a scene shows, in words: all that captions are made of. */
export interface SceneFacts {
  /** `things` on a ground, or a surface from near by. */
  readonly kind: 'things' | 'surface';
  /** What it is called; of several things in the plural. */
  readonly noun: string;
  readonly count: number;
  /** Null where colours are not seen (a grey picture), or have no name. */
  readonly colour: string | null;
  /** What things lie on, e.g. `a wooden table`. */
  readonly ground: string | null;
  /** Where a thing alone is, e.g. `on the left`. */
  readonly place: string | null;
  /** Whether the picture is without colours. */
  readonly grey: boolean;
  /** Of the damage; null for none. */
  readonly damage: {
    readonly name: string;
    readonly adjectives: readonly string[];
    readonly phrases: readonly string[];
  } | null;
}

const SOUND = ['perfect', 'flawless', 'unblemished', 'normal'];
const BAD = ['damaged', 'abnormal'];
const WRONG = ['flaw', 'defect', 'damage'];

/** The noun with `a` or `an`; as it is in the plural and where it has no number. */
function one(words: string, count: number): string {
  if (count > 1) return words;
  return `${/^[aeiou]/.test(words) ? 'an' : 'a'} ${words}`;
}

/**
 * Ways to describe a scene in a sentence, as people describe pictures: kind, colour, number and place, and what is wrong
 * with it where something is.
 */
export function sceneCaptions({ noun, count, colour, ground, place, grey, damage }: SceneFacts): string[] {
  const named = colour ? `${colour} ${noun}` : noun;
  const many = count > 1 ? `${NUMBERS[count]} ` : '';
  const on = ground ? ` on ${ground}` : '';
  const colourful = `${many}${count > 1 ? named : one(named, 1)}`;
  const photo = (words: string) => `a photo of ${words}.`;
  if (damage) {
    return [
      ...[...damage.adjectives, ...BAD].map((state) => photo(one(`${state} ${noun}`, count))),
      ...WRONG.map((what) => photo(`${one(noun, count)} with ${what}`)),
      ...damage.phrases.flatMap((phrase) => [
        photo(`${one(noun, count)} with ${phrase}`),
        `${colourful} with ${phrase}.`,
      ]),
      ...damage.adjectives.map((state) => `${one(`${state} ${named}`, count)}${on}.`),
    ];
  }
  return [
    ...SOUND.map((state) => photo(one(`${state} ${noun}`, count))),
    ...WRONG.map((what) => photo(`${one(noun, count)} without ${what}`)),
    photo(one(noun, count)),
    `${colourful}${on}.`,
    ...(place ? [`${one(named, 1)} ${place}.`] : []),
    ...(grey ? [`a black and white photo of ${one(noun, count)}.`] : []),
  ];
}
