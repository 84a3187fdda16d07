import { type Image, toRgb } from '../data/image.ts';
import { scene } from './scene.ts';

/** A contact sheet of scenes, each beside its damaged twin, with the captions row by row. */
export function sceneSheet(
  seed: number,
  size: number,
  columns: number,
  rows: number,
): { image: Image; captions: string[] } {
  const width = 2 * columns * size;
  const data = new Uint8Array(3 * width * rows * size);
  const captions: string[] = [];
  for (let n = 0; n < 2 * columns * rows; n++) {
    const { image, caption } = scene(seed, n >> 1, size, n % 2 === 1);
    const pixels = toRgb(image).data;
    const [row, column] = [Math.floor(n / (2 * columns)), n % (2 * columns)];
    for (let y = 0; y < size; y++) {
      const line = pixels.subarray(3 * y * size, 3 * (y + 1) * size);
      data.set(line, 3 * ((row * size + y) * width + column * size));
    }
    captions.push(caption);
  }
  return { image: { width, height: rows * size, channels: 3, data }, captions };
}
