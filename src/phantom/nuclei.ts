import { bell, cosine, mix, sine, smooth } from './arithmetic.ts';
import { span } from './shapes.ts';
import type { Stage } from './stage.ts';

/** One cell nucleus, in the picture's coordinates. */
export interface Nucleus {
  readonly x: number;
  readonly y: number;
  readonly rx: number;
  readonly ry: number;
  /** In turns. */
  readonly turn: number;
  /** Amount of haematoxylin. */
  readonly dark: number;
  /** How blotchy the chromatin is. */
  readonly texture: number;
  /** How far the outline strays from an ellipse. */
  readonly lobes: number;
  /** How much paler the inside is than the rim. */
  readonly pale: number;
  /** Number of dark points within. */
  readonly nucleoli: number;
}

/** Paints a nucleus into the haematoxylin, over what is there. */
export function drawNucleus(stage: Stage, blue: Float32Array, grain: Float32Array, nucleus: Nucleus): void {
  const { size } = stage;
  const { x, y, rx, ry, turn, dark, texture, lobes, pale, nucleoli } = nucleus;
  const reach = Math.max(rx, ry) * (1 + lobes) + 2 / size;
  const [left, right] = span(x - reach, x + reach, size);
  const [top, bottom] = span(y - reach, y + reach, size);
  const [c, s] = [cosine(turn), sine(turn)];
  const soft = Math.max(0.25, 2.4 / (size * Math.min(rx, ry)));
  for (let row = top; row < bottom; row++) {
    const dy = (2 * row + 1) / size - 1 - y;
    for (let column = left; column < right; column++) {
      const dx = (2 * column + 1) / size - 1 - x;
      const [a, b] = [(c * dx + s * dy) / rx, (c * dy - s * dx) / ry];
      let q = Math.sqrt(a * a + b * b);
      // A cubic in the direction makes one side flat and another bulge.
      if (lobes > 0) q *= 1 + (lobes * (a * a * a - 3 * a * b * b + a * b)) / (0.3 + q * q * q);
      const coverage = smooth((1 - q) / soft + 0.5);
      if (coverage <= 0) continue;
      const i = row * size + column;
      let amount = dark * (1 + texture * grain[i]) * (1 - pale * smooth((0.9 - q) / 0.35));
      for (let k = 0; k < nucleoli; k++) {
        const [e, f] = [a - 0.35 * cosine(turn * 7 + k / 2), b - 0.35 * sine(turn * 7 + k / 2)];
        amount += 0.5 * dark * bell(Math.sqrt(e * e + f * f) / 0.28);
      }
      blue[i] = mix(blue[i], amount, coverage);
    }
  }
}
