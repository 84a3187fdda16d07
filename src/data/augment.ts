import { cos, sin } from '../base/elementary.ts';

/**
 * MVFA's eleven views of a support image: the image itself and ten warps, in the order of MVFA's code.
 *
 * A warp takes the value of output pixel `p` from input position `A p`, both in coordinates where the image spans
 * [-1, 1]. Between pixels it interpolates linearly; outside it reflects about the image's edges. This is
 * `grid_sample(mode='bilinear', padding_mode='reflection', align_corners=False)`.
 */

/** Rows (a b c; d e f) of the map from output to input: `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Affine = readonly [number, number, number, number, number, number];

/** A named view; `theta` is null for the image itself. */
export interface Augmentation {
  readonly name: string;
  readonly theta: Affine | null;
}

function rotation(angle: number): Augmentation {
  const [c, s] = [cos(angle), sin(angle)];
  return { name: `rot${signed(angle, 4)}`, theta: [c, -s, 0, s, c, 0] };
}

function shift(x: number, y: number): Augmentation {
  return { name: `shift${signed(x, 1)}${signed(y, 1)}`, theta: [1, 0, x, 0, 1, y] };
}

function signed(value: number, digits: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(digits)}`;
}

/** The eleven views in MVFA's order. A shift of 0.1 is a twentieth of the image: 12 of 240 pixels. */
export const AUGMENTATIONS: readonly Augmentation[] = [
  { name: 'identity', theta: null },
  ...[-Math.PI / 8, -Math.PI / 16, Math.PI / 16, Math.PI / 8].map(rotation),
  shift(0.1, 0.1),
  shift(-0.1, 0.1),
  shift(-0.1, -0.1),
  shift(0.1, -0.1),
  { name: 'hflip', theta: [-1, 0, 0, 0, 1, 0] },
  { name: 'vflip', theta: [1, 0, 0, 0, -1, 0] },
];

/** The view of planes `x` [C, size, size]; the number of planes follows from the length. Always a new array. */
export function warp(x: Float32Array, size: number, { theta }: Augmentation): Float32Array<ArrayBuffer> {
  if (!theta) return new Float32Array(x);
  const out = new Float32Array(x.length);
  const plane = size * size;
  for (let row = 0, at = 0; row < size; row++) {
    for (let column = 0; column < size; column++, at++) {
      const nx = (2 * column + 1) / size - 1;
      const ny = (2 * row + 1) / size - 1;
      const sx = sourcePosition(theta[0] * nx + theta[1] * ny + theta[2], size);
      const sy = sourcePosition(theta[3] * nx + theta[4] * ny + theta[5], size);
      const [x0, y0] = [Math.floor(sx), Math.floor(sy)];
      const [fx, fy] = [sx - x0, sy - y0];
      const right = Math.min(x0 + 1, size - 1) - x0;
      const below = (Math.min(y0 + 1, size - 1) - y0) * size;
      for (let from = y0 * size + x0, to = at; to < x.length; from += plane, to += plane) {
        const upper = x[from] * (1 - fx) + x[from + right] * fx;
        const lower = x[from + below] * (1 - fx) + x[from + below + right] * fx;
        out[to] = upper * (1 - fy) + lower * fy;
      }
    }
  }
  return out;
}

/** The view of a mask {0, 1} [size, size]: warped as a picture, then lesion where the result is above one half. */
export function warpMask(mask: Uint8Array, size: number, view: Augmentation): Uint8Array<ArrayBuffer> {
  const warped = warp(Float32Array.from(mask), size, view);
  return Uint8Array.from(warped, (value) => (value > 0.5 ? 1 : 0));
}

/** A normalised coordinate as a pixel position in [0, size - 1], reflected about -1/2 and size - 1/2. */
function sourcePosition(normalised: number, size: number): number {
  const position = ((normalised + 1) * size - 1) / 2;
  const distance = Math.abs(position + 0.5);
  const rest = distance % size;
  const reflected = Math.floor(distance / size) % 2 === 0 ? rest - 0.5 : size - rest - 0.5;
  return Math.min(size - 1, Math.max(0, reflected));
}
