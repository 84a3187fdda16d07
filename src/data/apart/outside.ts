import type { Thin } from './mask_steps.ts';

/** Levels by which the background of a picture may vary. */
const NEAR = 6;

/** Share of the border of a picture that is background, and of the picture, where it has an empty one at all. */
const LEAST = { border: 0.6, picture: 0.1 } as const;

/** Share of a lesion that lies on the empty background of a picture: what has the level of most of its border and is joined to it. */
export function outsideShare(image: Thin, lesion: Thin): number {
  const { width, height, data } = image;
  if (lesion.width !== width || lesion.height !== height) return 0;
  const border = borderOf(image);
  const levels = new Uint32Array(256);
  for (const i of border) levels[data[i]]++;
  let below = 0;
  const level = levels.findIndex((count) => {
    below += count;
    return below >= border.length / 2;
  });
  const isEmpty = (i: number) => Math.abs(data[i] - level) <= NEAR;
  if (border.filter(isEmpty).length < LEAST.border * border.length) return 0;
  const onLesion = (seen: (i: number) => boolean) => {
    let [on, all] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      if (lesion.data[i] === 0) continue;
      all++;
      if (seen(i)) on++;
    }
    return all === 0 ? 0 : on / all;
  };
  // Most lesions lie on nothing of that level, and no way to the border has to be looked for.
  if (onLesion(isEmpty) <= 0.5) return 0;
  const empty = joined(image, border, isEmpty);
  const count = empty.reduce((sum, one) => sum + one, 0);
  return count < LEAST.picture * data.length ? 0 : onLesion((i) => empty[i] === 1);
}

function borderOf({ width, height }: Thin): number[] {
  const border: number[] = [];
  for (let x = 0; x < width; x++) border.push(x, (height - 1) * width + x);
  for (let y = 1; y < height - 1; y++) border.push(y * width, y * width + width - 1);
  return border;
}

/** 1 for pixels that a way over such pixels joins with the border. */
function joined({ width, data }: Thin, border: readonly number[], fits: (i: number) => boolean): Uint8Array {
  const seen = new Uint8Array(data.length);
  const open: number[] = [];
  const visit = (i: number) => {
    if (seen[i] === 1 || !fits(i)) return;
    seen[i] = 1;
    open.push(i);
  };
  for (const i of border) visit(i);
  for (let i = open.pop(); i !== undefined; i = open.pop()) {
    const x = i % width;
    if (x > 0) visit(i - 1);
    if (x < width - 1) visit(i + 1);
    if (i >= width) visit(i - width);
    if (i < data.length - width) visit(i + width);
  }
  return seen;
}
