import { cosine, sine, smooth } from '../phantom/arithmetic.ts';

/** How a thing looks at a point of its own square, [-1, 1] either way. */
export interface Look {
  /** Below 0 inside, in units of the square. */
  readonly distance: number;
  /** By which its colour is multiplied; 1 is the colour itself. */
  readonly shade: number;
}

/** A kind of thing. */
export interface Thing {
  readonly noun: string;
  readonly plural: string;
  look(x: number, y: number): Look;
}

const length = (x: number, y: number) => Math.sqrt(x * x + y * y);
const rectangle = (x: number, y: number, w: number, h: number) => Math.max(Math.abs(x) - w, Math.abs(y) - h);
/** A cylinder that stands: light from the left. */
const round = (x: number, w: number) => 1.15 - 0.55 * smooth((x / w + 0.9) / 1.8);
const line = (t: number, width: number, depth: number) => 1 - depth * smooth(2 - Math.abs(t) / width);

const thing = (noun: string, look: Thing['look'], plural = `${noun}s`): Thing => ({ noun, plural, look });

/** The things that scenes show. */
export const THINGS: readonly Thing[] = [
  thing('ball', (x, y) => {
    const shine = Math.max(0, 1 - length(x + 0.3, y + 0.35) / 1.25);
    return { distance: length(x, y) - 0.9, shade: 0.4 + 0.95 * shine };
  }),
  thing(
    'box',
    (x, y) => ({ distance: rectangle(x, y, 0.8, 0.75), shade: line(x, 0.06, 0.25) * (1.05 - 0.15 * y) }),
    'boxes',
  ),
  thing('plate', (x, y) => {
    const r = length(x, y);
    return { distance: r - 0.92, shade: line(r - 0.62, 0.05, 0.3) * (1.02 - 0.12 * y) };
  }),
  thing('ring', (x, y) => {
    const d = Math.abs(length(x, y) - 0.68) - 0.2;
    return { distance: d, shade: 0.7 - 2 * d };
  }),
  thing('bottle', (x, y) => {
    const body = rectangle(x, y - 0.3, 0.42, 0.62);
    const neck = rectangle(x, y + 0.6, 0.16, 0.34);
    const shoulder = length(x, y + 0.3) - 0.4;
    const w = y < -0.45 ? 0.16 : 0.42;
    return { distance: Math.min(body, neck, shoulder), shade: round(x, w) * line(y + 0.82, 0.03, 0.4) };
  }),
  thing('cup', (x, y) => {
    const body = rectangle(x + 0.15, y, 0.55 - 0.08 * y, 0.7);
    const handle = Math.abs(length(x - 0.48, y) - 0.32) - 0.09;
    return {
      distance: Math.min(body, handle),
      shade: body < 0 ? round(x + 0.15, 0.6) * line(y + 0.62, 0.05, 0.35) : 0.8,
    };
  }),
  thing('star', (x, y) => {
    let [least, second] = [-9, -9];
    for (let k = 0; k < 5; k++) {
      const d = sine(k / 5) * x - cosine(k / 5) * y - 0.3;
      if (d > least) [least, second] = [d, least];
      else if (d > second) second = d;
    }
    return { distance: second, shade: 1.05 - 0.2 * length(x, y) };
  }),
  thing('button', (x, y) => {
    const holes = length(Math.abs(x) - 0.22, Math.abs(y) - 0.22) - 0.11;
    const r = length(x, y);
    return { distance: r - 0.85, shade: (holes < 0 ? 0.25 : 1) * line(r - 0.65, 0.05, 0.25) };
  }),
  thing('book', (x, y) => ({
    distance: rectangle(x, y, 0.62, 0.85),
    shade: line(x + 0.48, 0.03, 0.4) * line(rectangle(x - 0.08, y + 0.35, 0.3, 0.1), 0.03, 0.4),
  })),
  thing('flower', (x, y) => {
    let petals = 9;
    for (let k = 0; k < 5; k++) {
      petals = Math.min(petals, length(x - 0.5 * sine(k / 5), y + 0.5 * cosine(k / 5)) - 0.36);
    }
    const r = length(x, y);
    return { distance: Math.min(petals, r - 0.3), shade: r < 0.26 ? 0.5 : 0.75 + 0.4 * r };
  }),
];
