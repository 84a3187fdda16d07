import { bell, mix, smooth } from './arithmetic.ts';
import type { LesionKind } from './family.ts';
import { fractalField } from './noise.ts';
import { forBlob, inside, randomBlob } from './shapes.ts';
import type { Stage } from './stage.ts';

/** The kinds of lesion that the liver may have, and what captions call them. */
export const LIVER_KINDS: readonly LesionKind[] = [
  { name: 'metastases', phrases: ['dark metastases', 'several dark lesions'] },
  { name: 'cyst', phrases: ['a dark cyst', 'a cyst'] },
  { name: 'bright_tumour', phrases: ['a bright tumour', 'a tumour with bright uptake'] },
  { name: 'target', phrases: ['a ring-shaped lesion', 'a target lesion'] },
  { name: 'mass', phrases: ['a large uneven mass', 'an infiltrating mass'] },
  { name: 'abscess', phrases: ['an abscess', 'an abscess with chambers'] },
];

/** Draws one kind of lesion into the tissue; `outline` is below 1 in the liver. */
export function drawLiverLesion(stage: Stage, kind: string, tissue: Float32Array, outline: Float32Array): void {
  const r = stage.disease;
  const strength = r.range(0.85, 1.25);
  const counts: Record<string, [number, number]> = { metastases: [3, 6], cyst: [1, 2], target: [1, 2] };
  const count = r.int(...(counts[kind] ?? [1, 1]));
  const taken: [number, number][] = [];
  for (let k = 0; k < count; k++) {
    const [x, y] = place(stage, outline, kind === 'metastases' ? 0.85 : 0.6, taken);
    taken.push([x, y]);
    DRAW[kind](stage, x, y, strength, count, tissue);
  }
}

type Draw = (stage: Stage, x: number, y: number, strength: number, count: number, tissue: Float32Array) => void;

const DRAW: Record<string, Draw> = {
  /** Dark, soft at the edge, several. */
  metastases(stage, x, y, strength, _, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.075, 0.15, 0.1);
    const depth = r.range(0.16, 0.24) * strength;
    forBlob(stage, blob, 1.4, (i, q) => {
      const c = inside(q, 0.4) * tissue[i];
      stage.values[i] -= depth * c * (1 + 0.3 * smooth(1 - q));
      stage.mark(i, c);
    });
  },
  /** Water: very dark, even, with a sharp edge. */
  cyst(stage, x, y, _strength, count, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.14 / Math.sqrt(count), 0.28 / Math.sqrt(count), 0.03);
    const level = r.range(0.1, 0.2);
    forBlob(stage, blob, 1.2, (i, q) => {
      const c = inside(q, 0.1) * tissue[i];
      stage.values[i] = mix(stage.values[i], level, c);
      stage.mark(i, c);
    });
  },
  /** Uneven uptake within a dark capsule. */
  bright_tumour(stage, x, y, strength, _, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.18, 0.3, 0.12);
    const uneven = fractalField(stage.size, r.u32(), 15, 2);
    const gain = r.range(0.18, 0.28) * strength;
    forBlob(stage, blob, 1.5, (i, q) => {
      const c = inside(q, 0.15) * tissue[i];
      stage.values[i] += c * (gain + 0.1 * uneven[i]) - 0.13 * bell((q - 1.08) / 0.14) * tissue[i];
      stage.mark(i, c);
    });
  },
  /** A bright rim about a dark centre. */
  target(stage, x, y, strength, count, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.18 / Math.sqrt(count), 0.28 / Math.sqrt(count), 0.07);
    const rim = r.range(0.16, 0.26) * strength;
    forBlob(stage, blob, 1.5, (i, q) => {
      const c = inside(q, 0.18) * tissue[i];
      stage.values[i] += c * (rim * bell((q - 0.78) / 0.16) - 0.26 * smooth((0.72 - q) / 0.2));
      stage.mark(i, c);
    });
  },
  /** Large, of irregular outline, blotchy within. */
  mass(stage, x, y, strength, _, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.2, 0.31, 0.24);
    const uneven = fractalField(stage.size, r.u32(), 16, 2);
    const shift = r.range(-0.16, 0.02);
    forBlob(stage, blob, 1.4, (i, q) => {
      const c = inside(q, 0.25) * tissue[i];
      stage.values[i] += c * (shift + 0.11 * strength * uneven[i]);
      stage.mark(i, c);
    });
  },
  /** Dark chambers with bright walls between them. */
  abscess(stage, x, y, strength, _, tissue) {
    const r = stage.disease;
    const blob = randomBlob(r, x, y, 0.2, 0.32, 0.1);
    const chambers = fractalField(stage.size, r.u32(), 11, 1);
    const wall = r.range(0.04, 0.14) * strength;
    forBlob(stage, blob, 1.5, (i, q) => {
      const c = inside(q, 0.16) * tissue[i];
      const septum = Math.max(smooth((0.42 - Math.abs(chambers[i])) / 0.25), smooth((q - 0.82) / 0.1));
      stage.values[i] += c * mix(-0.3 * strength, wall, septum);
      stage.mark(i, c);
    });
  },
};

/** A place inside the liver, away from what is taken. The outline is asked at the pixel nearest to each proposal. */
function place(stage: Stage, outline: Float32Array, most: number, taken: [number, number][]): [number, number] {
  const r = stage.disease;
  const { u, v } = stage;
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let trial = 0; trial < 24; trial++) {
    const at = proposePixel(stage);
    const near = taken.reduce((least, [x, y]) => Math.min(least, distance(u[at] - x, v[at] - y)), 0.36);
    const score = Math.min(0, most - outline[at]) * 4 + near + 0.05 * r.next();
    if (score > bestScore) [best, bestScore] = [at, score];
  }
  return [u[best], v[best]];
}

/** A pixel anywhere; its place in the picture does not depend on the size. */
function proposePixel({ disease, size }: Stage): number {
  const [x, y] = [disease.range(0.05, 0.95), disease.range(0.1, 0.9)];
  return Math.floor(y * size) * size + Math.floor(x * size);
}

function distance(dx: number, dy: number): number {
  return Math.sqrt(dx * dx + dy * dy);
}
