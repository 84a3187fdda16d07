import { agreement, POOR, reachOf, SEVERAL, type Steps, type Thin } from './mask_steps.ts';

/** Places to either side that are tried: a fifth of a picture. */
const FAR = 13;

const WAYS = 2 * FAR + 1;

/** So well masks lie at one place, so much better than where they are, and so many of them. */
const BETTER = { level: 0.5, gain: 0.3, share: 0.8 } as const;

/** How most of some masks have to be moved: to the right and down, as shares of the picture. */
export interface Shift {
  readonly right: number;
  readonly down: number;
  /** Masks that lie better so, of all. */
  readonly count: number;
  readonly all: number;
}

/** Looks whether masks that do not lie well all lie better moved by the same: a margin that their images had before, or another crop. */
export class ShiftFinder {
  readonly #levels = new Float64Array(WAYS * WAYS);
  readonly #better = new Uint32Array(WAYS * WAYS);
  /** What a place is, as shares of the pictures, added up. */
  readonly #unit = { right: 0, down: 0 };
  #own = 0;
  #poor = 0;
  #all = 0;

  /** Takes a mask. @param own how it lies as it is */
  add(image: Thin, steps: Steps, own: number): void {
    this.#all++;
    if (own >= POOR) return;
    this.#poor++;
    this.#own += own;
    const unit = 2 * reachOf(image);
    this.#unit.right += unit / image.width;
    this.#unit.down += unit / image.height;
    for (let y = -FAR, i = 0; y <= FAR; y++) {
      for (let x = -FAR; x <= FAR; x++, i++) {
        const level = agreement(image, moved(image, steps, unit * x, unit * y));
        this.#levels[i] += level;
        if (level > own) this.#better[i]++;
      }
    }
  }

  /** What was found of these masks and of others. */
  with(other: ShiftFinder): ShiftFinder {
    const both = new ShiftFinder();
    for (const one of [this, other]) {
      for (let i = 0; i < WAYS * WAYS; i++) {
        both.#levels[i] += one.#levels[i];
        both.#better[i] += one.#better[i];
      }
      both.#unit.right += one.#unit.right;
      both.#unit.down += one.#unit.down;
      both.#own += one.#own;
      both.#poor += one.#poor;
      both.#all += one.#all;
    }
    return both;
  }

  find(): Shift | null {
    if (this.#all < SEVERAL) return null;
    const best = this.#levels.reduce((most, level, i) => (level > this.#levels[most] ? i : most), 0);
    const [level, own] = [this.#levels[best] / this.#poor, this.#own / this.#poor];
    const count = this.#better[best];
    if (level < BETTER.level || level - own < BETTER.gain || count < BETTER.share * this.#all) return null;
    const [x, y] = [(best % WAYS) - FAR, Math.floor(best / WAYS) - FAR];
    return {
      right: (x * this.#unit.right) / this.#poor,
      down: (y * this.#unit.down) / this.#poor,
      count,
      all: this.#all,
    };
  }
}

/** Steps at another place of a picture; none where most of them would lie beyond it. */
function moved({ width, height }: Thin, { inside, outside }: Steps, right: number, down: number): Steps {
  const [from, to]: [number[], number[]] = [[], []];
  const isIn = (x: number, y: number) => x >= 0 && x < width && y >= 0 && y < height;
  for (let i = 0; i < inside.length; i++) {
    const [a, b] = [inside[i], outside[i]];
    const [ax, ay] = [(a % width) + right, Math.floor(a / width) + down];
    const [bx, by] = [(b % width) + right, Math.floor(b / width) + down];
    if (!isIn(ax, ay) || !isIn(bx, by)) continue;
    from.push(width * ay + ax);
    to.push(width * by + bx);
  }
  const few = from.length < inside.length / 2;
  return { inside: Int32Array.from(few ? [] : from), outside: Int32Array.from(few ? [] : to) };
}
