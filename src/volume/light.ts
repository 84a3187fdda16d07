import { type GreyRule, greyLevels } from './grey.ts';
import type { VolumeSlice } from './volume.ts';

/** A slice is empty where at most this part of it is brighter than a tenth, and nothing in it is lesion. */
export const EMPTY_PART = 0.02;

/** What is dark. */
const DARK = 0.1;

/** The part of what a volume shows that no window which suits it makes white. */
const MOST_WHITE = 0.8;

/** Looks at how bright slices are, one after the other, and knows then whether the window suited them. */
export class Light {
  #bright = 0;
  #white = 0;
  #seen = 0;

  /** Whether hardly anything in a slice is brighter than a tenth; one in colours never is. */
  isEmpty(slice: VolumeSlice, grey: GreyRule): boolean {
    if (slice.kind === 'colour') return false;
    const levels = greyLevels(slice, grey);
    let [bright, white] = [0, 0];
    for (const level of levels) {
      if (level <= DARK) continue;
      bright++;
      if (level === 1) white++;
    }
    this.#seen++;
    if (bright <= EMPTY_PART * levels.length) return true;
    this.#bright += bright;
    this.#white += white;
    return false;
  }

  /** That a window shows nothing of a volume, or nearly all of it white; null where it suits. */
  remark({ text, map }: GreyRule): string | null {
    if (this.#seen === 0 || map.kind === 'colour') return null;
    const other = 'another --window may suit it';
    if (this.#bright === 0) return `by ${text} its slices are all dark; ${other}`;
    if (this.#white <= MOST_WHITE * this.#bright) return null;
    const share = Math.floor((100 * this.#white) / this.#bright);
    return `by ${text} ${share} % of what it shows is white; ${other}`;
  }
}
