import { cosine, sine, smooth, unit } from '../phantom/arithmetic.ts';
import type { Spot } from './arrangement.ts';
import type { Canvas, Colour } from './canvas.ts';
import { grain } from './grain.ts';
import type { Thing } from './objects.ts';

/**
 * Draws a thing with its shadow; returns how much of each pixel it covers.
 * @param rough how strongly its surface varies, 0 for a smooth one
 */
export function placeThing(
  canvas: Canvas,
  thing: Thing,
  spot: Spot,
  colour: Colour,
  rough: number,
  seed: number,
): Float32Array {
  const { size } = canvas;
  const cover = new Float32Array(canvas.pixels);
  const [c, s] = [cosine(spot.turn) / spot.radius, sine(spot.turn) / spot.radius];
  const edge = size * spot.radius * 0.5;
  const surface = rough > 0 ? grain(size, seed, 18) : null;
  const lookAt = (x: number, y: number) => {
    const [dx, dy] = [x - spot.x, y - spot.y];
    return thing.look(c * dx + s * dy, c * dy - s * dx);
  };
  const reach = 1.15 * spot.radius;
  for (let y = 0, i = 0; y < size; y++) {
    const v = canvas.at(y);
    for (let x = 0; x < size; x++, i++) {
      const u = canvas.at(x);
      if (Math.abs(u - spot.x) > reach || Math.abs(v - spot.y) > reach) continue;
      const shadow = smooth(1 - 5 * lookAt(u - 0.05, v - 0.07).distance) * 0.45;
      const { distance, shade } = lookAt(u, v);
      cover[i] = unit(0.5 - distance * edge);
      if (shadow > 0) canvas.shade(i, 1 - shadow * (1 - cover[i]));
      if (cover[i] === 0) continue;
      const factor = shade * (surface ? 1 + rough * (surface[i] - 0.5) : 1);
      const lit: Colour = [unit(colour[0] * factor), unit(colour[1] * factor), unit(colour[2] * factor)];
      canvas.blend(i, lit, cover[i]);
    }
  }
  return cover;
}
