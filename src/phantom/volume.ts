import { cos, sin } from '../base/elementary.ts';
import { FusionclipError } from '../base/errors.ts';
import type { Affine } from '../nifti/affine.ts';
import { phantom } from './phantom.ts';
import { Random } from './random.ts';

/** A synthetic volume with its lesions. */
export interface PhantomVolume {
  /** Columns, rows, slices. */
  readonly shape: readonly [number, number, number];
  /** Oblique: the head or the body lies a little turned on the table. */
  readonly affine: Affine;
  /** Hounsfield units (liver) or the numbers of a scanner (brain), the first axis the fastest. */
  readonly values: Int16Array<ArrayBuffer>;
  /** 1 on a lesion. */
  readonly lesions: Uint8Array<ArrayBuffer>;
}

/** Families that are volumes. */
export const VOLUME_FAMILIES: readonly string[] = ['brain', 'liver'];

/** Grey levels of the liver's window (150, 30) in Hounsfield units, and of the brain in those of a scanner. */
const UNITS: Readonly<Record<string, (grey: number) => number>> = {
  brain: (grey) => Math.round(grey * 5.3),
  liver: (grey) => Math.round(-45 + (150 * grey) / 255),
};

/**
 * Volume number `index` of a family, a pure function of its arguments. Its anatomy is that of the picture of this number, which
 * gets smaller towards both ends; a lesion spans three to seven slices and fades at its own ends, where it is marked as long as half
 * of it is there. The last slice of either end is empty.
 * @param size pixels to a side, @param depth slices
 * @throws FusionclipError `usage` for a family that there is not, or fewer than 8 slices
 */
export function phantomVolume(
  family: string,
  seed: number,
  index: number,
  options: { readonly size: number; readonly depth: number; readonly kind: string | null },
): PhantomVolume {
  const { size, depth, kind } = options;
  if (!VOLUME_FAMILIES.includes(family)) {
    throw new FusionclipError('usage', `There are volumes of ${VOLUME_FAMILIES.join(' and ')}, not of ${family}.`);
  }
  if (!Number.isInteger(depth) || depth < 8 || depth > 512) {
    throw new FusionclipError('usage', `A phantom volume cannot have ${depth} slices: choose 8 to 512.`);
  }
  const healthy = phantom(family, seed, index, { size });
  const diseased = kind === null ? healthy : phantom(family, seed, index, { size, abnormal: kind });
  const random = new Random(`volume ${family} ${index}`, seed);
  const length = 3 + Math.floor(random.next() * 5);
  const middle = Math.round(depth * (0.3 + 0.4 * random.next()));
  const values = new Int16Array(size * size * depth);
  const lesions = new Uint8Array(values.length);
  const unit = UNITS[family];
  for (let k = 0; k < depth; k++) {
    // From -1 to 1 over the slices that are not empty.
    const along = (2 * (k + 0.5)) / (depth - 2) - depth / (depth - 2);
    const scale = Math.abs(along) >= 1 ? 0 : Math.sqrt(1 - along ** 2 * 0.8);
    const presence = Math.max(0, Math.min(1, 1.25 - Math.abs(k - middle) / (length / 2)));
    for (let y = 0, to = k * size * size; y < size; y++) {
      for (let x = 0; x < size; x++, to++) {
        const half = (size - 1) / 2;
        const [fromX, fromY] = scale ? [half + (x - half) / scale, half + (y - half) / scale] : [-1, -1];
        const [i, j] = [Math.round(fromX), Math.round(fromY)];
        let grey = 0;
        if (i >= 0 && j >= 0 && i < size && j < size) {
          const at = j * size + i;
          const sound = healthy.image.data[at];
          grey = sound + presence * (diseased.image.data[at] - sound);
          if (kind !== null && presence >= 0.5 && diseased.mask.data[at]) lesions[to] = 1;
        }
        const noise = 3 * (random.next() + random.next() - 1);
        values[to] = unit(Math.max(0, Math.min(255, grey + noise)));
      }
    }
  }
  return { shape: [size, size, depth], affine: obliqueAffine(random, size, depth), values, lesions };
}

/** Turned by up to 0.2 about the first axis and 0.1 about the third; 0.9 mm in the slice, 4 mm from one to the next. */
function obliqueAffine(random: Random, size: number, depth: number): Affine {
  const [a, b] = [0.4 * (random.next() - 0.5), 0.2 * (random.next() - 0.5)];
  const [ca, sa, cb, sb] = [cos(a), sin(a), cos(b), sin(b)];
  // Columns to the left, rows to the back, slices to the head, as DICOM has them, in NIfTI's directions.
  const turn = [
    [-cb, sb * ca, -sb * sa],
    [-sb, -cb * ca, cb * sa],
    [0, sa, ca],
  ];
  const step = [0.9, 0.9, 4];
  const middle = [(size - 1) / 2, (size - 1) / 2, (depth - 1) / 2];
  return turn.map((row) => {
    const scaled = row.map((value, c) => Math.fround(value * step[c]));
    return [...scaled, Math.fround(-scaled.reduce((sum, value, c) => sum + value * middle[c], 0))];
  });
}
