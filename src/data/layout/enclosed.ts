import type { Image } from '../image.ts';

/** How many pixels of a mask lie inside what is lesion without being it: those that no way through the rest joins with the border. */
export function enclosedPixels({ width, height, data }: Image): number {
  const seen = new Uint8Array(width * height);
  const open: number[] = [];
  const visit = (i: number) => {
    if (seen[i] === 1 || data[i] !== 0) return;
    seen[i] = 1;
    open.push(i);
  };
  for (let x = 0; x < width; x++) {
    visit(x);
    visit((height - 1) * width + x);
  }
  for (let y = 0; y < height; y++) {
    visit(y * width);
    visit(y * width + width - 1);
  }
  // Steps along rows and columns alone: a line that is drawn from corner to corner of its pixels holds.
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const x = i % width;
    if (x > 0) visit(i - 1);
    if (x < width - 1) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i < (height - 1) * width) visit(i + width);
  }
  let enclosed = 0;
  for (let i = 0; i < seen.length; i++) if (seen[i] === 0 && data[i] === 0) enclosed++;
  return enclosed;
}
