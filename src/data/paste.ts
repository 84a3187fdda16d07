import { ruleStream } from '../base/rule.ts';
import { type Image, toRgb } from './image.ts';

/** A picture with something in it that does not belong there. */
export interface PastedPicture {
  readonly image: Image;
  /** {0, 1} [height, width]: where it is. */
  readonly mask: Uint8Array<ArrayBuffer>;
}

/** Half axes of the pasted ellipse as shares of the sides. */
const AXES: readonly [number, number] = [0.06, 0.18];
/** Factor on the brightness of what is pasted. */
const GAINS: readonly [number, number] = [0.6, 1.6];
/** A pixel counts as changed from this many grey levels on, and a place is good when so many of its pixels are. */
const LEVELS = 12;
const ENOUGH = 0.6;
const TRIES = 16;

/** An ellipse and what is put there. */
interface Piece {
  readonly centre: readonly [number, number];
  readonly axes: readonly [number, number];
  /** From a pixel to the one of the source that replaces it. */
  readonly offset: readonly [number, number];
  readonly gain: number;
}

/**
 * A stand-in for a lesion: an ellipse of another normal picture, brighter or darker, pasted with a soft rim where it changes
 * the picture (of {@link TRIES} places the first that is good, or the best). A pure function of the name and the seed.
 * @param source of the same size; may be the picture itself
 */
export function pasteLesion(image: Image, source: Image, name: string, seed: number): PastedPicture {
  const { width, height } = image;
  const [target, other] = [toRgb(image).data, toRgb(source).data];
  const stream = ruleStream(`paste.${name}`, seed);
  let best: Piece | null = null;
  let most = -1;
  for (let i = 0; i < TRIES && most < ENOUGH; i++) {
    const piece = pieceOf((k) => (stream(8 * i + k) + 0.5) / 2 ** 32, width, height);
    const share = changedShare(target, other, piece, width, height);
    if (share > most) [best, most] = [piece, share];
  }
  const data = target.slice();
  const mask = new Uint8Array(width * height);
  forPixels(best!, width, height, (at, from, weight) => {
    mask[at] = weight >= 0.5 ? 1 : 0;
    for (let c = 0; c < 3; c++) {
      const pasted = Math.min(255, best!.gain * other[3 * from + c]);
      data[3 * at + c] = Math.round(target[3 * at + c] * (1 - weight) + pasted * weight);
    }
  });
  return { image: { width, height, channels: 3, data }, mask };
}

/** @param random numbers in (0, 1) by index */
function pieceOf(random: (k: number) => number, width: number, height: number): Piece {
  const between = ([low, high]: readonly [number, number], k: number) => low + (high - low) * random(k);
  const axes = [between(AXES, 0) * width, between(AXES, 1) * height] as const;
  const place = (k: number) => [
    axes[0] + random(k) * (width - 2 * axes[0]),
    axes[1] + random(k + 1) * (height - 2 * axes[1]),
  ];
  const [cx, cy] = place(2);
  const [sx, sy] = place(4);
  const offset = [Math.round(sx - cx), Math.round(sy - cy)] as const;
  return { centre: [cx, cy], axes, offset, gain: between(GAINS, 6) };
}

/** Visits the pixels of a piece with the pixel that replaces each, and a weight that falls to 0 at the rim. */
function forPixels(
  { centre: [cx, cy], axes: [rx, ry], offset: [ox, oy] }: Piece,
  width: number,
  height: number,
  visit: (at: number, from: number, weight: number) => void,
): void {
  for (let y = Math.max(0, Math.floor(cy - ry)); y < Math.min(height, cy + ry + 1); y++) {
    for (let x = Math.max(0, Math.floor(cx - rx)); x < Math.min(width, cx + rx + 1); x++) {
      const weight = Math.min(1, 3 * (1 - ((x - cx) / rx) ** 2 - ((y - cy) / ry) ** 2));
      if (weight <= 0) continue;
      const sx = Math.min(width - 1, Math.max(0, x + ox));
      const sy = Math.min(height - 1, Math.max(0, y + oy));
      visit(y * width + x, sy * width + sx, weight);
    }
  }
}

/** Share of the lesion's pixels that the piece would change. */
function changedShare(target: Uint8Array, other: Uint8Array, piece: Piece, width: number, height: number): number {
  let pixels = 0;
  let changed = 0;
  forPixels(piece, width, height, (at, from, weight) => {
    if (weight < 0.5) return;
    pixels++;
    let steps = 0;
    for (let c = 0; c < 3; c++) steps += Math.abs(Math.min(255, piece.gain * other[3 * from + c]) - target[3 * at + c]);
    if (steps >= 3 * LEVELS) changed++;
  });
  return pixels === 0 ? 0 : changed / pixels;
}
