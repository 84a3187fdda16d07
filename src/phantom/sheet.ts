import { type Image, toRgb } from '../data/image.ts';
import { phantom, phantomFamily } from './phantom.ts';

/**
 * A contact sheet of a family: a row of healthy phantoms, then a row for each kind of lesion, `columns` wide. With
 * `outlines` every second diseased phantom has its mask's outline in red.
 */
export function contactSheet(family: string, seed: number, size: number, columns: number, outlines = true): Image {
  const rows = [false as const, ...phantomFamily(family).kinds.map(({ name }) => name)];
  const width = columns * size;
  const data = new Uint8Array(3 * width * rows.length * size);
  rows.forEach((abnormal, row) => {
    for (let column = 0; column < columns; column++) {
      const { image, mask } = phantom(family, seed, row * columns + column, { size, abnormal });
      const pixels = new Uint8Array(toRgb(image).data);
      if (outlines && column % 2 === 1) drawOutline(pixels, mask);
      for (let y = 0; y < size; y++) {
        data.set(pixels.subarray(3 * y * size, 3 * (y + 1) * size), 3 * ((row * size + y) * width + column * size));
      }
    }
  });
  return { width, height: rows.length * size, channels: 3, data };
}

/** Reddens the lesion's pixels that touch a healthy one. */
function drawOutline(pixels: Uint8Array, { width, height, data }: Image): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = y * width + x;
      if (data[at] === 0) continue;
      const inner =
        x > 0 &&
        y > 0 &&
        x < width - 1 &&
        y < height - 1 &&
        data[at - 1] &&
        data[at + 1] &&
        data[at - width] &&
        data[at + width];
      if (!inner) pixels.set([255, 40, 40], 3 * at);
    }
  }
}
