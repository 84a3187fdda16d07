import type { Image } from '../data/image.ts';
import type { Stage } from './stage.ts';

/** One kind of lesion: an entry of a family's table, so that kinds can be held out of training by name. */
export interface LesionKind {
  readonly name: string;
  /** What captions call it, e.g. `a cyst`; several ways to say it. */
  readonly phrases: readonly string[];
}

/** One kind of picture. */
export interface PhantomFamily {
  readonly name: string;
  /** The folder name of the BMAD set it stands for. */
  readonly dataset: string;
  /** Whether the BMAD set has lesion masks. Phantoms always have. */
  readonly masks: boolean;
  /** What prompts call the content (`objectName` of `dataset`), then other names. */
  readonly nouns: readonly string[];
  /** A name for models that have little room for words; captions do not say it. */
  readonly short?: string;
  readonly kinds: readonly LesionKind[];
  /** Makes the picture and marks its lesion on the stage; `kind` is one of `kinds`, or null for a normal picture. */
  render(stage: Stage, kind: string | null): Image;
}
