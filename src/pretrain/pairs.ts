import { sha256 } from '../base/sha256.ts';
import type { Image } from '../data/image.ts';

/** A picture and one sentence about it. */
export interface Pair {
  /** Square, of the side that was asked for. */
  readonly image: Image;
  readonly caption: string;
  /** Every sentence of the source that is true of the picture, its caption among them: none of them is a negative. */
  readonly captions: readonly string[];
  /** Number of the view (views.ts) that it is shown under; pairs with one number are seen alike. */
  readonly view: number;
  /** Whether the picture may be mirrored when the words left and right are exchanged in its caption. */
  readonly mirror: boolean;
  /** Where the lesion is, of the picture's size, 255 on it; null for none, and where it is not known. */
  readonly mask: Image | null;
}

/** Where pairs come from: pair number `index` is a pure function of the index and of the source's own settings. */
export interface PairSource {
  /** Sentences that a vocabulary is learned from. */
  readonly captions: readonly string[];
  /** The pair of an index. */
  pair(index: number, size: number): Promise<Pair>;
}

/** What tells whether two have the same pairs, as far as that can be told without reading the pictures. */
export function captionsOf({ captions }: PairSource): Promise<string> {
  return sha256(new TextEncoder().encode(captions.join('\n')));
}
