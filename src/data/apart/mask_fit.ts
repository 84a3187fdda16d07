import { joinPath } from '../../base/paths.ts';
import type { Image, Raster } from '../image.ts';
import type { Sample, Split } from '../layout/dataset.ts';
import type { Problem } from '../layout/problem.ts';
import { agreement, POOR, SEVERAL, type Steps, stepsOf, type Thin, thinned, turnedAgreements } from './mask_steps.ts';
import { outsideShare } from './outside.ts';
import { type Shift, ShiftFinder } from './shifts.ts';
import { TURNS } from './turns.ts';

/** Share of the masks that lie better turned in one way. */
const AGREED = 0.8;

/** By so much they lie better on the whole, and so well they then lie. */
const BETTER = { gain: 0.2, level: 0.35 } as const;

/** So well it lies over another one that it may belong there, and so much better than over its own. */
const ELSEWHERE = { level: 0.5, gain: 0.35 } as const;

/** So many of the masks that do not lie well, which is no chance any more. */
const MANY = { count: 4, share: 0.25 } as const;

/** Masks that do not lie well whose images are kept to be compared. */
const KEPT = 128;

/** Share of the masks that lie outside of what is seen. */
const SOME = 0.2;

interface Laid {
  readonly id: string;
  readonly split: Split;
  readonly own: number;
  readonly turned: readonly number[];
}

interface Poor {
  readonly id: string;
  readonly own: number;
  readonly image: Thin;
  readonly steps: Steps;
}

/**
 * Looks whether masks belong to the images that they lie over. Where a lesion has a border to be seen, brightness steps one way all
 * along it, and the same mask turned, or over another image, meets no border. A lesion that has none says nothing either way.
 */
export class MaskFit {
  readonly #laid: Laid[] = [];
  readonly #poor: Poor[] = [];
  readonly #outside: string[] = [];
  readonly #shifts = { valid: new ShiftFinder(), test: new ShiftFinder() };
  #all = 0;

  /** Takes an abnormal image and its mask of the same size. */
  add({ id, split }: Sample, raster: Raster, mask: Image): void {
    const image = thinned(raster);
    const lesion = thinned(mask);
    if (!lesion.data.some((value) => value !== 0)) return;
    this.#all++;
    if (outsideShare(image, lesion) > 0.5) this.#outside.push(id);
    const steps = stepsOf(lesion);
    if (!steps) return;
    const own = agreement(image, steps);
    this.#laid.push({ id, split, own, turned: turnedAgreements(image, steps) });
    this.#shifts[split].add(image, steps, own);
    if (own < POOR && this.#poor.length < KEPT) this.#poor.push({ id, own, image, steps });
  }

  /** What was found: masks that are turned or moved, that lie over images of others, or outside of what is seen. */
  problems(path: string): Problem[] {
    const laid = [this.#turned(path), this.#moved(path)].find((found) => found.length > 0);
    if (laid) return laid;
    const elsewhere = this.#elsewhere(path);
    return elsewhere.length > 0 ? elsewhere : this.#unseen(path);
  }

  #turned(path: string): Problem[] {
    const whole = turnOf(this.#laid);
    const parts = whole
      ? [{ where: '', found: whole }]
      : (['valid', 'test'] as const).flatMap((split) => {
          const found = turnOf(this.#laid.filter((one) => one.split === split));
          return found ? [{ where: ` of ${split}`, found }] : [];
        });
    return parts.map(({ where, found: { name, count, all } }): Problem => {
      const message = `the masks${where} lie better over their images ${name}: so do ${count} of ${all}; turn them, and look at some over their images`;
      return { kind: 'misplaced_masks', severity: 'warning', path, message };
    });
  }

  #moved(path: string): Problem[] {
    const { valid, test } = this.#shifts;
    const of = (where: string, finder: ShiftFinder) => {
      const found = finder.find();
      return found ? [{ where, found }] : [];
    };
    const whole = of('', valid.with(test));
    const parts = whole.length > 0 ? whole : [...of(' of valid', valid), ...of(' of test', test)];
    return parts.map(({ where, found }): Problem => {
      const message = `the masks${where} lie better over their images moved ${shiftText(found)}: so do ${found.count} of ${found.all}; export both with the same crop and margins, and look at some masks over their images`;
      return { kind: 'misplaced_masks', severity: 'warning', path, message };
    });
  }

  #elsewhere(path: string): Problem[] {
    const fits = bestFits(this.#poor);
    if (fits.length === 0) return [];
    const [{ mask, image }, ...others] = fits;
    const more = others.length > 0 ? `, and so do ${others.length} more of ${this.#all} over images of others` : '';
    const message = `its mask lies better over ${image}${more}; check that each mask belongs to its image`;
    return [{ kind: 'misplaced_masks', severity: 'warning', path: joinPath(path, mask), message }];
  }

  #unseen(path: string): Problem[] {
    const [first, ...others] = this.#outside;
    if (others.length < 2 || this.#outside.length < SOME * this.#all) return [];
    const message = `most of its lesion lies on the empty background of the image, as in ${others.length} more of ${this.#all}; check that masks lie over what they show`;
    return [{ kind: 'misplaced_masks', severity: 'warning', path: joinPath(path, first), message }];
  }
}

function shiftText({ right, down }: Shift): string {
  const part = (share: number, side: string, to: readonly [string, string]) =>
    share === 0 ? [] : [`by ${Math.round(100 * Math.abs(share))} % of the ${side} ${to[share > 0 ? 0 : 1]}`];
  const across = part(right, 'width', ['to the right', 'to the left']);
  return [...across, ...part(down, 'height', ['down', 'up'])].join(' and ');
}

/** How most of some masks lie better. */
function turnOf(laid: readonly Laid[]): { name: string; count: number; all: number } | null {
  if (laid.length < SEVERAL) return null;
  const mean = (of: (one: Laid) => number) => laid.reduce((sum, one) => sum + of(one), 0) / laid.length;
  const own = mean((one) => one.own);
  const ways = TURNS.map(({ name }, k) => {
    const count = laid.filter((one) => one.turned[k] > one.own).length;
    return { name, count, all: laid.length, level: mean((one) => one.turned[k]) };
  });
  const best = ways.reduce((a, b) => (b.level > a.level ? b : a));
  const { level, gain } = BETTER;
  return best.level >= level && best.level - own >= gain && best.count >= AGREED * laid.length ? best : null;
}

/** Masks that lie well over the image of another one, and better than any other mask does: many of them, or two that changed places. */
function bestFits(poor: readonly Poor[]): { mask: string; image: string }[] {
  const fit = poor.map((mask) =>
    poor.map(({ image }) => {
      const same = image.width === mask.image.width && image.height === mask.image.height;
      return same ? agreement(image, mask.steps) : 0;
    }),
  );
  const best = poor.map((mask, j) => {
    const place = fit[j].reduce((most, one, i) => (one > fit[j][most] ? i : most), 0);
    const level = fit[j][place];
    const clear = level >= ELSEWHERE.level && level - mask.own >= ELSEWHERE.gain;
    return clear && fit.every((row) => row[place] <= level) ? place : null;
  });
  const found = best.flatMap((place, j) => (place === null ? [] : [{ j, place }]));
  const changed = found.filter(({ j, place }) => best[place] === j);
  const all = found.length >= Math.max(MANY.count, MANY.share * poor.length) ? found : changed;
  return all.map(({ j, place }) => ({ mask: poor[j].id, image: poor[place].id }));
}
