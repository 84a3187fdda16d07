import { FusionclipError } from '../base/errors.ts';
import type { Image } from '../data/image.ts';
import { brain } from './brain.ts';
import { captionsOf, factsOf, type PhantomFacts } from './captions.ts';
import { chest } from './chest.ts';
import type { PhantomFamily } from './family.ts';
import { histopathology } from './histopathology.ts';
import { liver } from './liver.ts';
import { oct2017 } from './oct2017.ts';
import { resc } from './resc.ts';
import { Stage } from './stage.ts';

/** The families by name, in the order of BMAD's table. */
export const PHANTOM_FAMILIES: Readonly<Record<string, PhantomFamily>> = {
  brain,
  liver,
  resc,
  oct2017,
  chest,
  histopathology,
};

/** A generated picture with what is known about it. */
export interface Phantom {
  /** Grey, or RGB in histopathology. */
  readonly image: Image;
  /** One channel, 255 on the lesion and 0 elsewhere. */
  readonly mask: Image;
  /** One of `captions`, drawn by the seed. */
  readonly caption: string;
  readonly captions: readonly string[];
  readonly facts: PhantomFacts;
}

/** What to generate. */
export interface PhantomOptions {
  /** Pixels to a side, 32 to 1,024; 168 by default. The same phantom at every size, but for resolution and noise. */
  readonly size?: number;
  /** False (default) for a healthy one, true for any kind of lesion, or the kinds to choose from. */
  readonly abnormal?: boolean | string | readonly string[];
}

/**
 * Phantom number `index` of a family: a pure function of its arguments, the same bytes in every runtime. The same number
 * with and without a lesion, or with another kind, shows the same anatomy.
 *
 * Throws `FusionclipError('usage')` for a family, kind or size that there is not.
 */
export function phantom(family: string, seed: number, index: number, options: PhantomOptions = {}): Phantom {
  const made = phantomFamily(family);
  const { size = 168, abnormal = false } = options;
  if (!Number.isInteger(size) || size < 32 || size > 1024) {
    throw new FusionclipError('usage', `A phantom cannot be ${size} pixels wide: choose 32 to 1024.`);
  }
  const stage = new Stage(made.name, seed, index, size);
  const kind = chooseKind(made, stage, abnormal);
  const image = made.render(stage, kind);
  const data = Uint8Array.from(stage.lesion, (coverage) => (coverage >= 0.5 ? 255 : 0));
  const facts = factsOf(made.name, kind, data, size);
  const captions = captionsOf(made, facts);
  return {
    image,
    mask: { width: size, height: size, channels: 1, data },
    caption: stage.words.pick(captions),
    captions,
    facts,
  };
}

/** The family of this name; throws `FusionclipError('usage')` when there is none. */
export function phantomFamily(name: string): PhantomFamily {
  if (Object.hasOwn(PHANTOM_FAMILIES, name)) return PHANTOM_FAMILIES[name];
  const names = Object.keys(PHANTOM_FAMILIES).join(', ');
  throw new FusionclipError('usage', `There is no phantom family "${name}"; choose one of ${names}.`);
}

function chooseKind(family: PhantomFamily, stage: Stage, abnormal: PhantomOptions['abnormal']): string | null {
  if (abnormal === false || abnormal === undefined) return null;
  const known = family.kinds.map(({ name }) => name);
  const asked = abnormal === true ? known : typeof abnormal === 'string' ? [abnormal] : abnormal;
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined || asked.length === 0) {
    const what =
      unknown === undefined ? 'No lesion kind is named' : `There is no lesion "${unknown}" in ${family.name}`;
    throw new FusionclipError('usage', `${what}; choose from ${known.join(', ')}.`);
  }
  return stage.words.pick(asked);
}
