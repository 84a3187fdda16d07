import { readFileSync } from 'node:fs';
import { decodeImage, type Image, overlayHeatMap } from '../../src/data/index.ts';

/** The numbers of a NumPy file of float32. */
function floatsOf(file: string): Float32Array {
  const bytes = new Uint8Array(readFileSync(file));
  const start = 10 + bytes[8] + 256 * bytes[9];
  return new Float32Array(bytes.buffer, start);
}

/** An image under a map that the command line wrote, at full opacity; `turn` turns the map upside down. */
export function overlayOf(image: string, map: string, range: [number, number], turn: boolean): Image {
  const picture = decodeImage(new Uint8Array(readFileSync(image)), image);
  const values = floatsOf(map);
  const side = Math.sqrt(values.length);
  const scores = { width: side, height: side, data: turn ? values.reverse() : values };
  return overlayHeatMap(picture, scores, { opacity: 1, range });
}

/** Mean difference of a square canvas, RGBA, from a picture in RGB, at the centres of the picture's pixels. */
export function distance(canvas: Uint8Array, side: number, { width, height, data: expected }: Image): number {
  let sum = 0;
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)].map((at) => Math.floor(((at + 0.5) * side) / width));
    for (let c = 0; c < 3; c++) sum += Math.abs(canvas[4 * (y * side + x) + c] - expected[3 * i + c]);
  }
  return sum / (3 * width * height);
}

/** Share of the values in which two pictures differ by more than rounding. */
export function difference(a: Uint8Array, b: Uint8Array): number {
  return a.filter((value, i) => Math.abs(value - b[i]) > 2).length / a.length;
}
